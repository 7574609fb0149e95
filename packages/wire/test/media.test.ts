import { expect, it } from "vitest";
import { dataOf } from "@parlor/wire";

const of = (url: string) => dataOf({ type: "file", url });

it.each([
  ["data:application/pdf;base64,AAAA", { mediaType: "application/pdf", base64: "AAAA" }],
  ["data:Text/CSV;charset=utf-8;base64,QQ==", { mediaType: "text/csv", base64: "QQ==" }],
  ["https://a.example/b.pdf", undefined],
  ["HTTP://a.example", undefined],
])("%s holds %j", (url, data) => {
  expect(of(url)).toEqual(data);
});

it.each(["file:///etc/passwd", "data:,A", "data:text/plain,A", "data:text/plain;base64,A B", "ftp://a", "", "/a"])(
  "%j is refused",
  (url) => {
    expect(() => of(url)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  },
);
