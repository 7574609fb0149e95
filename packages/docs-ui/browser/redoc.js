// Runs in the browser. A file of its own, because the page's policy allows no script inside the page.
const element = document.getElementById("docs");

Redoc.init(element.dataset.description, { sanitize: true }, element);
