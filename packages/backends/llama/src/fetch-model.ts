import { ChatError } from "@parlor/core";

export interface FetchModelOptions {
  /** Where models are kept; default: `.node-llama-cpp/models` in the user's home. */
  readonly directory?: string;
  /** Of Hugging Face, for models that not everybody may fetch. */
  readonly token?: string;
  /** Told as bytes come. */
  readonly onProgress?: (progress: { readonly totalSize: number; readonly downloadedSize: number }) => void;
  /** How long nothing may come, in milliseconds; default 60,000. The library itself would go on trying for hours. */
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
}

/** `hf:user/repo:Q4_K_M`, `hf:user/repo/file.gguf`, or an http(s) address without credentials. */
export function isModelUri(uri: string): boolean {
  if (/^hf:[^\s/]+\/[^\s/:]+(?:[:/]\S+)?$/.test(uri)) return true;
  const url = URL.parse(uri);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

/**
 * Fetches a model, unless it is there already; resolves with the path for `llama({ modelPath })`. Throws a TypeError for what is no such address,
 * `backend_unavailable` where it cannot be had.
 */
export async function fetchModel(uri: string, options: FetchModelOptions = {}): Promise<string> {
  if (!isModelUri(uri))
    throw new TypeError("fetchModel takes hf:user/repo:quantization, hf:user/repo/file.gguf or an http(s) URL");
  const { directory, token, onProgress, stallMs = 60_000, signal } = options;
  const { resolveModelFile } = await import("node-llama-cpp");
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  const either = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
  // It looks at its signal only between two reads.
  const aborted = new Promise<never>((_, reject) => {
    either.addEventListener("abort", () => reject(either.reason as Error), { once: true });
  });
  try {
    const fetching = resolveModelFile(uri, {
      cli: false,
      ...(directory !== undefined && { directory }),
      ...(token !== undefined && { tokens: { huggingFace: token } }),
      onProgress(progress) {
        timer.refresh();
        onProgress?.(progress);
      },
      signal: either,
    });
    return await Promise.race([fetching, aborted]);
  } catch (error) {
    // Its own words could hold the token, or the query of an address.
    const detail =
      "The model could not be fetched: see whether its address is right, the network is up, and it may be read without a token.";
    throw new ChatError("backend_unavailable", detail, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
