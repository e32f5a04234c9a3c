// Runs before the first paint, so that the page never flashes in the other theme or speaks the other language.
(function () {
  var theme = null;
  var lang = null;
  try {
    theme = localStorage.getItem("dozor.theme");
    lang = localStorage.getItem("dozor.lang");
  } catch (e) {
    // storage is forbidden: the system decides
  }
  var dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.lang = lang || (/^ru\b/.test(navigator.language) ? "ru" : "en");
})();
