/** Whether who asks would rather have a page than JSON, as browsers say when they open an address (RFC 9110, 12.5.1). */
export function prefersHtml(accept = ""): boolean {
  let html = 0;
  let json = 0;
  for (const part of accept.toLowerCase().split(",")) {
    const [range, ...parameters] = part.split(";").map((piece) => piece.trim());
    const weight = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (range === "text/html") html = weight;
    else if (range === "application/json") json = weight;
  }
  return html > json;
}
