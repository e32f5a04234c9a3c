import { useState } from "preact/hooks";

interface Props {
  image: string | null;
  symbol: string;
  size: number;
}

/** A coin's picture from our own server; without one, its letter. The name always stands beside it. */
export function CoinImage({ image, symbol, size }: Props) {
  const [broken, setBroken] = useState<string | null>(null);
  if (image === null || broken === image) {
    return (
      <span class="letter" style={{ width: `${size}px`, height: `${size}px`, fontSize: `${size / 2}px` }} aria-hidden="true">
        {symbol.slice(0, 1).toUpperCase()}
      </span>
    );
  }
  return (
    <img class="picture" src={image} width={size} height={size} alt="" loading="lazy" decoding="async" onError={() => setBroken(image)} />
  );
}
