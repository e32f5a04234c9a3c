import { expect, test } from "vitest";
import { addressOf, orderOf, routeOf, type Route } from "./route";

const at = (path: string): Route => routeOf(new URL(path, "http://dozor.test"), "usd");
const market = { view: "market", query: { vs: "usd", page: 1, size: 100, sort: { by: "market_cap", down: true } } };

test.each([
  ["/", market],
  ["/?page=0&size=7&order=luck_desc&vs=doge", market], // what cannot be is the default
  ["/?page=3&size=250&order=price_asc&vs=eur", { view: "market", query: { vs: "eur", page: 3, size: 250, sort: { by: "price", down: false } } }],
  ["/coins/bitcoin", { view: "coin", id: "bitcoin", range: "7d", vs: "usd" }],
  ["/coins/bitcoin/?range=1y&vs=rub", { view: "coin", id: "bitcoin", range: "1y", vs: "rub" }],
  ["/coins/%", { view: "coin", id: "%", range: "7d", vs: "usd" }],
  ["/coins/", { view: "unknown", vs: "usd" }],
  ["/elsewhere", { view: "unknown", vs: "usd" }],
])("%s is a view", (path, route) => {
  expect(at(path)).toEqual(route);
});

test.each(["/", "/?order=price_asc&page=3&size=250&vs=eur", "/coins/bitcoin", "/coins/bitcoin?range=1y&vs=rub", "/coins/a%2Fb"])(
  "%s survives being read and written",
  (path) => {
    expect(addressOf(at(path), "usd")).toBe(path);
  },
);

test("the reader's own currency is used where the address names none, and is not written into it", () => {
  const route = routeOf(new URL("http://dozor.test/"), "rub");
  expect(route).toMatchObject({ query: { vs: "rub" } });
  expect(addressOf(route, "rub")).toBe("/");
});

test.each([
  [{ by: "volume", down: false }, "volume_asc"],
  [{ by: "id", down: false }, "id_asc"],
  [{ by: "price", down: false }, "market_cap_desc"], // the server cannot: the page does
] as const)("a sort %j asks the server for %s", (sort, order) => {
  expect(orderOf(sort)).toBe(order);
});
