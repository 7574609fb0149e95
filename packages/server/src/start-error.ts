/** Why the server cannot start: a sentence for whoever runs it, without secrets. */
export class StartError extends Error {
  override readonly name = "StartError";
}
