/**
 * A coin's description as plain pieces. Upstream writes HTML into it; we keep its words and its web links, and drop
 * every other tag. The pieces are shown as text nodes, so nothing in them can ever run.
 */

export type Piece = { text: string; href: string | null };

const TOKEN = /<[^>]*>|[^<]+|</g;
const LINE_TAGS = new Set(["br", "p", "div", "li"]);

/** The paragraphs of `html`, each a list of pieces; `href` is a web address or null. */
export function paragraphs(html: string): Piece[][] {
  let href: string | null = null;
  const done: Piece[][] = [[]];
  const write = (text: string): void => {
    text.split(/\s*\n\s*/).forEach((line, at) => {
      if (at > 0) done.push([]);
      if (line) done.at(-1)?.push({ text: line, href });
    });
  };
  for (const [token] of html.matchAll(TOKEN)) {
    const tag = /^<\/?([a-z0-9]+)/i.exec(token)?.[1]?.toLowerCase();
    if (tag === undefined) write(decoded(token));
    else if (tag === "a") href = token.startsWith("</") ? null : hrefOf(token);
    else if (LINE_TAGS.has(tag)) done.push([]);
  }
  return done.filter((pieces) => pieces.some(({ text }) => text.trim()));
}

/** `address` if it leads to the web, else null: never `javascript:` or `data:`. */
export function webAddress(address: string): string | null {
  try {
    const url = new URL(address.trim());
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

function hrefOf(tag: string): string | null {
  const [, double, single] = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag) ?? [];
  return webAddress(decoded(double ?? single ?? ""));
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00A0" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|(\w{1,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal));
  });
}
