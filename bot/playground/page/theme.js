/** Light or dark: the system's wish until the reader says otherwise. */

const KEY = "tagwire-theme";

/** Keep the theme on the page's root element. */
export class Theme {
  constructor() {
    this.system = matchMedia("(prefers-color-scheme: light)");
    this.system.addEventListener("change", () => this.apply());
    this.apply();
  }

  get wish() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return this.own ?? null;
    }
  }

  isDark() {
    return this.wish ? this.wish === "dark" : !this.system.matches;
  }

  apply() {
    document.documentElement.dataset.theme = this.isDark() ? "dark" : "light";
  }

  flip() {
    this.own = this.isDark() ? "light" : "dark";
    try {
      localStorage.setItem(KEY, this.own);
    } catch {
      // A browser that keeps nothing still flips for as long as the page is open.
    }
    this.apply();
  }
}
