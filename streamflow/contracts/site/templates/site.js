(function () {
  var root = document.documentElement, button = document.getElementById("theme");
  function dark() { return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches; }
  function label() { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", "Show in " + (dark() ? "light" : "dark") + " colours"); }
  button.hidden = false;
  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch (error) { /* A page from a file may have no storage. */ }
    label();
  });
  label();

  var box = document.getElementById("search");
  if (box) {
    var entries = JSON.parse(document.getElementById("entries").textContent), hits = document.getElementById("hits"), said = document.getElementById("said");
    var order = { dataset: 0.5, "rule set": 1, measure: 2, column: 3 };
    var show = function () {
      var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      hits.replaceChildren();
      if (!words.length) { said.textContent = ""; return; }
      var found = entries.map(function (one) {
        var name = one.name.toLowerCase(), text = name + " " + one.kind + " " + one.words.toLowerCase();
        if (!words.every(function (word) { return text.includes(word); })) { return null; }
        return { one: one, rank: (words.every(function (word) { return name.includes(word); }) ? 0 : 10000) + 1000 * (order[one.kind] || 4) + name.length };
      }).filter(Boolean).sort(function (a, b) { return a.rank - b.rank; });
      said.textContent = found.length ? found.length + " found" + (found.length > 40 ? ", the first 40 shown" : "") : "Nothing found; try a part of a name, as amount.";
      found.slice(0, 40).forEach(function (hit) {
        var item = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("small");
        link.href = hit.one.href; link.textContent = hit.one.name;
        kind.textContent = "  " + hit.one.kind + ": " + hit.one.words;
        item.append(link, kind); hits.append(item);
      });
    };
    box.addEventListener("input", show);
    document.addEventListener("keydown", function (event) {
      if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
    });
    if (location.hash.startsWith("#q=")) { box.value = decodeURIComponent(location.hash.slice(3)); }
    show();
  }

  document.querySelectorAll("[data-status-filter]").forEach(function (chip) {
    chip.addEventListener("click", function () {
      var on = chip.getAttribute("aria-pressed") !== "true";
      document.querySelectorAll("[data-status-filter]").forEach(function (other) { other.setAttribute("aria-pressed", "false"); });
      chip.setAttribute("aria-pressed", String(on));
      document.querySelectorAll("tr[data-status]").forEach(function (row) {
        row.hidden = on && row.dataset.status !== chip.dataset.statusFilter;
      });
    });
  });
})();
