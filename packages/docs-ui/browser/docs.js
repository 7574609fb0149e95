// Runs in the browser. A file of its own, because the page's policy allows no script inside the page.
const element = document.getElementById("docs");

SwaggerUIBundle({
  domNode: element,
  url: element.dataset.description,
  deepLinking: true,
  // Else the description's address would be sent to swagger.io.
  validatorUrl: null,
});
