// Runs before the first paint: without a chosen theme the page wears the system's, and follows when it changes.
(() => {
  const root = document.documentElement;
  if (root.dataset.bsTheme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dress();
  dark.addEventListener("change", dress);
})();
