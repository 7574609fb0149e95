import { ChatError, type FieldError } from "@parlor/core";
import type { z } from "zod";
import type { Route } from "../route.ts";
import type { HttpRequest } from "../seam.ts";
import { checkType, toValue } from "./read-json.ts";

const shown = 20;

/** The validated fields of path, query and body. Throws `invalid_request` with the path of every fault. */
export async function readInput(
  route: Route,
  request: HttpRequest,
  params: { readonly [name: string]: string },
  bodyBytes: number,
): Promise<object> {
  const input = {};
  const errors: FieldError[] = [];
  const take = (schema: z.ZodType, value: unknown): void => {
    const result = schema.safeParse(value);
    if (result.success) Object.assign(input, result.data);
    else errors.push(...faultsOf(result.error));
  };
  if (route.query) take(route.query, Object.fromEntries(request.query));
  if (route.body) {
    checkType(request);
    take(route.body, toValue(await request.body(bodyBytes), request.headers["content-type"]) ?? {});
  }
  if (route.params) take(route.params, params);
  if (errors.length > 0) throw invalid(errors);
  return input;
}

/** One value by its schema. Throws `invalid_request`. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(faultsOf(result.error));
  return result.data;
}

export function invalid(errors: readonly FieldError[]): ChatError {
  const detail = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
  return new ChatError("invalid_request", `${detail}.`, { errors });
}

const faultsOf = ({ issues }: z.ZodError): readonly FieldError[] =>
  issues.slice(0, shown).flatMap(toFieldErrors).slice(0, shown);

/** Of what may be a text or a list, say: what is at fault with it as the one that it is. */
function toFieldErrors(issue: z.core.$ZodIssue): readonly FieldError[] {
  const { path, message } = issue;
  const near = issue.code === "invalid_union" ? issue.errors.filter((faults) => !faults.some(isOther)) : [];
  if (near[0] === undefined || near.length > 1) return [{ path: path.join("."), message }];
  return near[0].slice(0, shown).flatMap((inner) => toFieldErrors({ ...inner, path: [...path, ...inner.path] }));
}

const isOther = ({ code, path }: z.core.$ZodIssue) => code === "invalid_type" && path.length === 0;
