import assert from "node:assert/strict";
import type { Part } from "@parlor/core";
import { type BackendCase, type BackendTopic, check } from "../suite.ts";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const page = Buffer.from("%PDF-1.4\n%%EOF").toString("base64");

function arrives(type: "image" | "file", mediaType: string, data: string, needs: BackendCase["needs"]): BackendCase {
  return check(
    `a ${mediaType} of a data: URL arrives, between its texts`,
    async ({ ask, asked }) => {
      const parts: Part[] = [
        { type: "text", text: "What is " },
        { type, url: `data:${mediaType};base64,${data}`, mediaType, ...(type === "file" && { name: "page.pdf" }) },
        { type: "text", text: "this?" },
      ];
      await ask({ request: { messages: [{ role: "user", parts }] } });
      assert.deepEqual((await asked()).messages, [{ role: "user", text: "What is this?", media: [{ type, data }] }]);
    },
    { needs },
  );
}

const refused =
  (type: "image" | "file" | "audio", url: string): BackendCase["run"] =>
  async ({ ask, fake }) => {
    const { error } = await ask({ request: { messages: [{ role: "user", parts: [{ type, url }] }] } });
    assert.equal(error?.code, "invalid_request");
    assert.equal(fake.requests.length, 0);
  };

export const media: BackendTopic = {
  name: "images and files",
  cases: [
    arrives("image", "image/png", pixel, ["images"]),
    arrives("file", "application/pdf", page, ["files"]),
    check(
      "T23: an image's address is handed on and not fetched",
      async ({ ask, asked, fake }) => {
        const url = `${fake.url}/picture.png`;
        await ask({
          request: { messages: [{ role: "user", parts: [{ type: "image", url, mediaType: "image/png" }] }] },
        });
        assert.deepEqual((await asked()).messages[0]?.media, [{ type: "image", url }]);
        assert.equal(fake.requests.length, 1);
      },
      { needs: ["images", "media-urls"] },
    ),
    check("an address that is neither http nor data is refused", refused("image", "file:///etc/passwd")),
  ],
};
