import { describe, expect, test } from "vitest";
import { axisPrices, price, quantity, spelledOut, sum, tablePrice } from "./money";

const NB = "\u00A0";
const spaced = (text: string): string => text.replaceAll("_", NB);

describe("a price", () => {
  test.each([
    [67842.1, "$67,842.10", "67_842,10_$"], // two decimals from 1 up, zeros kept
    [1, "$1.00", "1,00_$"], // the edge belongs to the larger side
    [0.99999, "$1.00", "1,00_$"], // judged as shown: four digits of it round to 1
    [0.9998, "$0.9998", "0,9998_$"], // four significant digits below 1
    [0.5, "$0.5000", "0,5000_$"], // precision is kept, so that columns agree
    [0.01234567, "$0.01235", "0,01235_$"],
    [0.0001234, "$0.0001234", "0,0001234_$"], // three zeros can be counted
    [0.00001234, "$0.0₄1234", "0,0₄1234_$"], // four cannot
    [0.000001234, "$0.0₅1234", "0,0₅1234_$"],
    [1e-12, "$0.0₁₁1000", "0,0₁₁1000_$"], // the count has two digits
    [0, "$0.00", "0,00_$"], // a known zero is not an absent number
    [-3.5, "−$3.50", "−3,50_$"], // U+2212
    [123456.78, "$123,456.78", "123_456,78_$"],
    [null, "—", "—"],
  ])("%s", (value, en, russian) => {
    expect(price(value, "usd", "en")).toBe(en);
    expect(price(value, "usd", "ru")).toBe(spaced(russian));
  });

  test.each([
    ["eur", "€67,842.10", "67_842,10_€"],
    ["rub", "₽67,842.10", "67_842,10_₽"],
    ["btc", "67,842.10_BTC", "67_842,10_BTC"],
  ] as const)("in %s", (currency, en, russian) => {
    expect(price(67842.1, currency, "en")).toBe(spaced(en));
    expect(price(67842.1, currency, "ru")).toBe(spaced(russian));
  });
});

test.each([
  [99999.99, "$99,999.99"],
  [99999.999, "$100,000"], // judged as shown
  [123456.78, "$123,457"],
  [0.5, "$0.5000"],
  [null, "—"],
])("a table's price of %s drops decimals from 100,000 up", (value, en) => {
  expect(tablePrice(value, "usd", "en")).toBe(en);
});

test.each([
  [0.000001234, "0.000001234", "0,000001234"],
  [0.00002, "0.00002", "0,00002"],
  [0.1234, null, null], // nothing was shortened
  [0, null, null],
  [null, null, null],
])("a shortened price of %s can be spelled out", (value, en, russian) => {
  expect(spelledOut(value, "en")).toBe(en);
  expect(spelledOut(value, "ru")).toBe(russian);
});

test.each([
  [1.34e12, "$1.34T", "1,34_трлн_$"],
  [12.1e9, "$12.1B", "12,1_млрд_$"],
  [5e6, "$5.0M", "5,0_млн_$"],
  [999.96e6, "$1.0B", "1,0_млрд_$"], // rounding moves it to the next scale
  [999.94e6, "$999.9M", "999,9_млн_$"],
  [999_999.7, "$1.0M", "1,0_млн_$"],
  [999_999, "$999,999", "999_999_$"],
  [950_000, "$950,000", "950_000_$"], // below a million, whole units
  [-12.1e9, "−$12.1B", "−12,1_млрд_$"],
  [0.01234, "$0.01234", "0,01234_$"], // a market cap in bitcoin may be tiny
  [0, "$0", "0_$"],
  [null, "—", "—"],
])("a sum of %s", (value, en, russian) => {
  expect(sum(value, "usd", "en")).toBe(en);
  expect(sum(value, "usd", "ru")).toBe(spaced(russian));
});

test("an amount of coins carries their symbol", () => {
  expect(quantity(19.8e6, "btc", "en")).toBe(`19.8M${NB}BTC`);
  expect(quantity(19.8e6, "btc", "ru")).toBe(spaced("19,8_млн_BTC"));
  expect(quantity(null, "btc", "en")).toBe("—");
});

test.each([
  [[67_000, 67_500, 68_000], ["$67,000", "$67,500", "$68,000"]], // wide steps: no decimals
  [[0.998, 1, 1.002], ["$0.998", "$1.000", "$1.002"]], // narrow ones: as many as tell them apart
  [[10, 12.5, 15], ["$10.0", "$12.5", "$15.0"]],
  [[1.2e-6, 1.25e-6, 1.3e-6], ["$0.0₅120", "$0.0₅125", "$0.0₅130"]],
  [[0.000009, 0.00001, 0.000011], ["$0.0₄09", "$0.0₄10", "$0.0₄11"]], // and one count of zeros
  [[0, 0.00001], ["$0.0₄0", "$0.0₄1"]],
  [[5], ["$5.00"]], // one label has nothing to agree with
  [[], []],
])("labels of an axis %j share one precision", (values, labels) => {
  expect(axisPrices(values, "usd", "en")).toEqual(labels);
});
