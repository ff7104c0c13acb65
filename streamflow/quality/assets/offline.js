/* What the pages of Data Docs call of jQuery, Bootstrap and bootstrap-table, without a network. */
"use strict";
(() => {
  const nothing = () => undefined;
  const escapeHtml = (text) => String(text ?? "");

  function table(element, options) {
    const columns = options.columns || [];
    const rows = (options.data || []).slice();
    const key = options.sortName;
    if (key) {
      const sign = options.sortOrder === "desc" ? -1 : 1;
      rows.sort((a, b) => sign * String(a[key] ?? "").localeCompare(String(b[key] ?? "")));
    }
    const head = columns.map((column) => `<th>${escapeHtml(column.title)}</th>`).join("");
    const body = rows.map((row) => {
      const link = row._table_row_link_path ? ` class="clickable-row" data-href="${row._table_row_link_path}"` : "";
      return `<tr${link}>${columns.map((column) => `<td>${escapeHtml(row[column.field])}</td>`).join("")}</tr>`;
    });
    element.innerHTML = `<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody>`;
    element.classList.add("table");
    element.querySelectorAll("tr.clickable-row").forEach((row) => {
      row.addEventListener("click", () => { window.location = row.dataset.href; });
    });
  }

  function wrap(elements) {
    const self = {
      length: elements.length,
      each(visit) { elements.forEach((element, index) => visit(index, element)); return self; },
      parent() { return wrap([...new Set(elements.map((element) => element.parentElement).filter(Boolean))]); },
      fadeIn() { elements.forEach((element) => { element.style.display = ""; }); return self; },
      fadeOut() { elements.forEach((element) => { element.style.display = "none"; }); return self; },
      bootstrapTable(options) {
        if (options && typeof options === "object") elements.forEach((element) => table(element, options));
        return self;
      },
      ready(run) { document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", run) : run(); },
    };
    // Whatever else a page asks for is decoration: it does nothing, and can be chained.
    return new Proxy(self, { get: (target, name) => (name in target ? target[name] : () => self) });
  }

  window.$ = window.jQuery = (what) => {
    if (typeof what === "function") return wrap([document]).ready(what);
    if (typeof what === "string") {
      try { return wrap([...document.querySelectorAll(what)]); } catch (error) { return wrap([]); }
    }
    return wrap(what ? [what] : []);
  };
  window.vegaEmbed = nothing;

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-toggle]");
    if (!link) return;
    const target = link.getAttribute("href") || link.dataset.target || "";
    if (!target.startsWith("#")) return;
    const panel = document.getElementById(target.slice(1));
    if (!panel) return;
    event.preventDefault();
    if (link.dataset.toggle === "collapse") panel.classList.toggle("show");
    if (link.dataset.toggle === "tab") {
      link.closest(".nav").querySelectorAll(".nav-link").forEach((other) => other.classList.toggle("active", other === link));
      [...panel.parentElement.children].forEach((other) => other.classList.toggle("active", other === panel));
    }
  });
})();
