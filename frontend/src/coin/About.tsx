import { useState } from "preact/hooks";
import type { Coin, Links } from "../api/types";
import { OutLink } from "../parts/Link";
import { useLocale } from "../shell/locale";
import type { Words } from "../words/en";
import { paragraphs, webAddress } from "./prose";

/** What is known of a coin besides numbers. Nothing of it is trusted: text is text, and links lead to the web or nowhere. */
export function About({ coin }: { coin: Coin }) {
  const { words } = useLocale();
  const contracts = Object.entries(coin.contracts).filter(([, address]) => address);
  const links = linksOf(coin.links, words);
  return (
    <>
      <Description coin={coin} />
      {(links.length > 0 || coin.categories.length > 0 || contracts.length > 0) && (
        <section class="facts">
          {links.length > 0 && (
            <>
              <h2>{words.links}</h2>
              <ul class="tags">
                {links.map(({ name, href }) => (
                  <li key={href}>
                    <OutLink href={href}>{name}</OutLink>
                  </li>
                ))}
              </ul>
            </>
          )}
          {contracts.length > 0 && (
            <>
              <h2>{words.contracts}</h2>
              <ul class="contracts">
                {contracts.map(([platform, address]) => (
                  <Contract key={platform} platform={platform} address={address} />
                ))}
              </ul>
            </>
          )}
          {coin.categories.length > 0 && (
            <>
              <h2>{words.categories}</h2>
              <p class="muted">{coin.categories.filter(Boolean).join(" · ")}</p>
            </>
          )}
        </section>
      )}
    </>
  );
}

function Description({ coin: { name, description } }: { coin: Coin }) {
  const { lang, words } = useLocale();
  const own = description[lang];
  const text = own || description.en;
  if (!text) return null;
  return (
    <section class="prose">
      <h2>{words.about(name)}</h2>
      {!own && <p class="muted">{words.otherLanguageText}</p>}
      <div lang={own ? lang : "en"}>
        {paragraphs(text).map((pieces, at) => (
          <p key={at}>
            {pieces.map(({ text, href }, piece) =>
              href === null ? (
                text
              ) : (
                <OutLink key={piece} href={href}>
                  {text}
                </OutLink>
              ),
            )}
          </p>
        ))}
      </div>
    </section>
  );
}

function Contract({ platform, address }: { platform: string; address: string }) {
  const { words } = useLocale();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(address);
      setCopied(true);
    } catch {
      setCopied(false); // not over plain http: the address can still be selected by hand
    }
  };
  return (
    <li>
      <span class="muted">{platform}</span>
      <code title={address}>{address}</code>
      <button type="button" class="quiet" aria-label={`${words.copy}: ${platform}`} onClick={() => void copy()}>
        <span role="status">{copied ? words.copied : words.copy}</span>
      </button>
    </li>
  );
}

function linksOf(links: Links, words: Words): { name: string; href: string }[] {
  const kinds: [name: string, addresses: readonly (string | null)[]][] = [
    [words.homepage, links.homepage],
    [words.explorer, links.explorers.slice(0, 3)],
    [words.source, links.source.slice(0, 2)],
    [words.forum, links.forum.slice(0, 2)],
    ["X", [links.twitter]],
    ["Telegram", [links.telegram]],
    ["Reddit", [links.reddit]],
  ];
  return kinds.flatMap(([name, addresses]) => {
    const web = addresses.map((address) => webAddress(address ?? "")).filter((href) => href !== null);
    // Two links of one kind are told apart by where they lead.
    return web.map((href) => ({ href, name: web.length > 1 ? `${name}: ${new URL(href).hostname.replace(/^www\./, "")}` : name }));
  });
}
