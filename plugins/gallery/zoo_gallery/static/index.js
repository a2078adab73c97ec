// The catalogue: which models are shown, by the form and by the URL.
"use strict";

{
  const form = document.getElementById("filters");
  const rows = [...document.querySelectorAll("#models > li")];
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const lists = ["dataset", "chapter", "tag"]; // of these a model has several

  const meets = (row, wanted) => {
    const data = row.dataset;
    const words = (wanted.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.every((word) => data.text.includes(word))) return false;
    if (wanted.size && Number(data.size) > Number(wanted.size)) return false;
    if (wanted.live && !data.live) return false;
    for (const name of ["task", "license", "plugin", ...lists]) {
      if (!wanted[name]) continue;
      const has = lists.includes(name) ? data[name].split(" ") : [data[name]];
      if (!has.includes(wanted[name])) return false;
    }
    return true;
  };

  const wanted = () => {
    const found = Object.fromEntries(new FormData(form));
    return { ...Object.fromEntries([...form.elements].filter((one) => one.name).map((one) => [one.name, ""])), ...found };
  };

  const show = () => {
    const now = wanted();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !meets(row, now);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = zooText("count", { n: shown, total: rows.length });
    none.hidden = shown > 0;
  };

  const restore = () => {
    const state = zooState.read();
    for (const one of form.elements) {
      if (!one.name) continue;
      if (one.type === "checkbox") one.checked = state.get(one.name) === one.value;
      else one.value = state.get(one.name) ?? "";
      if (one.value === "" && one.tagName === "SELECT") one.selectedIndex = 0;
    }
    show();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    zooState.write(wanted());
    show();
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      zooState.write(wanted());
      show();
    }),
  );
  document.addEventListener("zoo-language", show);
  window.addEventListener("hashchange", restore);
  restore();
}
