/** Where the services are that take no call without a key. */
export const hosts = {
  groq: /(^|\.)groq\.com$/,
  huggingface: /(^|\.)huggingface\.co$/,
  minimax: /(^|\.)minimaxi?\.(io|com)$/,
  ollama: /(^|\.)ollama\.com$/,
  openai: /(^|\.)api\.openai\.com$|\.openai\.azure\.com$/,
  openrouter: /(^|\.)openrouter\.ai$/,
} as const;

/** Whether the service at this address is known to take no call without a key. */
export function needsKey(baseURL: string): boolean {
  const { hostname } = new URL(baseURL);
  return Object.values(hosts).some((host) => host.test(hostname));
}
