// What every page does: languages, links that keep the language, and code to copy.
// The state of a page is in its URL, behind the "#": a page that is a file has no query.
"use strict";

const zooState = {
  read() {
    return new URLSearchParams(location.hash.slice(1));
  },
  write(changes) {
    const state = zooState.read();
    for (const [name, value] of Object.entries(changes)) {
      if (value) state.set(name, value);
      else state.delete(name);
    }
    const text = state.toString();
    history.replaceState(null, "", text ? `#${text}` : "#");
  },
};

/** The text of a key in the page's language, its {names} filled in. */
function zooText(key, values = {}) {
  const texts = zooStrings[key] ?? {};
  const text = texts[document.documentElement.lang] ?? texts.en ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** An element with attributes and children; texts among them stay texts. */
function zooElement(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") {
      made.dataset.t = value;
      made.textContent = zooText(value);
    } else if (name === "label") {
      made.dataset.tLabel = value;
      made.setAttribute("aria-label", zooText(value));
    } else if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value != null) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children);
  return made;
}

{
  const known = [...document.querySelectorAll("[data-language]")];
  const codes = known.map((button) => button.dataset.language);

  const speak = (code) => {
    document.documentElement.lang = code;
    for (const one of document.querySelectorAll("[data-t]")) {
      one.textContent = zooText(one.dataset.t);
    }
    for (const one of document.querySelectorAll("[data-t-label]")) {
      // A form's field named "dataset" hides the form's own property of that name.
      one.setAttribute("aria-label", zooText(one.getAttribute("data-t-label")));
    }
    for (const button of known) {
      button.setAttribute("aria-pressed", String(button.dataset.language === code));
    }
    for (const link of document.querySelectorAll("a[href$='.html'], a[href*='.html#']")) {
      const target = link.getAttribute("href");
      if (/^[a-z]+:/i.test(target)) continue;
      const plain = target.split("#")[0];
      link.setAttribute("href", code === "en" ? plain : `${plain}#lang=${code}`);
    }
    document.dispatchEvent(new CustomEvent("zoo-language"));
  };

  for (const button of known) {
    button.addEventListener("click", () => {
      const code = button.dataset.language;
      zooState.write({ lang: code });
      speak(code);
    });
  }
  const wished = zooState.read().get("lang");
  const own = navigator.language.slice(0, 2);
  speak([wished, own, "en"].find((code) => codes.includes(code)));
  window.addEventListener("hashchange", () => {
    const code = zooState.read().get("lang");
    if (codes.includes(code) && code !== document.documentElement.lang) speak(code);
  });
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    const label = button.querySelector("[data-t]");
    let said = "copied";
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      said = "not_copied";
    }
    label.textContent = zooText(said);
    setTimeout(() => (label.textContent = zooText("copy")), 2000);
  });
}
