import { expect, test } from "vitest";
import { paragraphs, webAddress } from "./prose";

const text = (html: string): string[] => paragraphs(html).map((pieces) => pieces.map((piece) => piece.text).join(""));

test("a web link is kept with its words", () => {
  expect(paragraphs('See <a href="https://bitcoin.org/en/?a=1&amp;b=2" target="_blank">the site</a>.')).toEqual([
    [
      { text: "See ", href: null },
      { text: "the site", href: "https://bitcoin.org/en/?a=1&b=2" },
      { text: ".", href: null },
    ],
  ]);
});

test.each([
  '<a href="javascript:alert(1)">x</a>',
  '<a href="  JaVaScRiPt:alert(1)">x</a>',
  '<a href="java&#115;cript:alert(1)">x</a>', // decoded before it is judged
  "<a href='data:text/html,hi'>x</a>",
  '<a href="/relative">x</a>',
  "<a>x</a>",
])("%s loses its link and keeps its words", (html) => {
  expect(paragraphs(html)).toEqual([[{ text: "x", href: null }]]);
});

test.each([
  ["One\r\n\r\nTwo\nThree", ["One", "Two", "Three"]],
  ["<p>One</p><p>Two<br/>Three</p>", ["One", "Two", "Three"]],
  ["Tom &amp; Jerry &lt;3 &#8364; &#x20AC; &unknown;", ["Tom & Jerry <3 € € &unknown;"]],
  ["<b>bold</b> and <script>alert(1)</script>", ["bold and alert(1)"]], // words only: nothing can run
  ["a < b and 1 <2", ["a < b and 1 <2"]], // a lone bracket is a bracket
  ["", []],
  ["  \n ", []],
])("%j is text", (html, lines) => {
  expect(text(html)).toEqual(lines);
});

test("an address is a web address or nothing", () => {
  expect(webAddress(" https://x.test/a ")).toBe("https://x.test/a");
  expect(webAddress("ftp://x.test")).toBeNull();
  expect(webAddress("")).toBeNull();
});
