"use strict";
// Everything here only shows, hides and moves what the page already holds; without it the page
// is a plain document. Nothing is ever fetched.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  root.classList.add("scripted");
  all("form[hidden], .tools[hidden], .site-field[hidden]").forEach((part) => { part.hidden = false; });

  // ---- Maps -------------------------------------------------------------------------------
  const maps = all(".map").map(makeMap);

  function makeMap(figure) {
    const svg = figure.querySelector("svg");
    const world = svg.querySelector(".world");
    const names = all(".area-name", svg);
    const [left, top, wide, high] = svg.dataset.view.split(" ").map(Number);
    svg.style.setProperty("--unscale", svg.dataset.unscale); // until it is first drawn, as on paper
    const map = { figure, svg, x: 0, y: 0, scale: 1, width: 0, height: 0, fitted: true };

    map.draw = () => {
      world.setAttribute("transform", `translate(${map.x} ${map.y}) scale(${map.scale})`);
      svg.style.setProperty("--unscale", 1 / map.scale);
      // A name that is wider than its cell would cover its neighbours.
      names.forEach((name) => name.toggleAttribute("hidden", name.textContent.length * 7.5 > name.dataset.width * map.scale));
      drawScaleBar(svg, map);
    };
    map.fit = () => {
      map.scale = Math.min(map.width / wide, map.height / high);
      map.x = map.width / 2 - (left + wide / 2) * map.scale;
      map.y = map.height / 2 - (top + high / 2) * map.scale;
      map.fitted = true;
      map.draw();
    };
    map.zoom = (factor, x = map.width / 2, y = map.height / 2) => {
      const smallest = Math.min(map.width / wide, map.height / high) / 4;
      const scale = Math.min(Math.max(map.scale * factor, smallest), 400);
      map.x = x - (x - map.x) * scale / map.scale;
      map.y = y - (y - map.y) * scale / map.scale;
      map.scale = scale;
      map.fitted = false;
      map.draw();
    };
    map.pan = (dx, dy) => { map.x += dx; map.y += dy; map.fitted = false; map.draw(); };
    map.resize = () => {
      const box = svg.getBoundingClientRect();
      if (!box.width || (box.width === map.width && box.height === map.height)) return;
      map.width = box.width;
      map.height = box.height;
      svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
      if (map.fitted) map.fit(); else map.draw();
    };
    map.showMark = (mark) => {
      const box = mark.querySelector(".symbol").getBoundingClientRect();
      const frame = svg.getBoundingClientRect();
      const x = box.x + box.width / 2 - frame.x, y = box.y + box.height / 2 - frame.y;
      const margin = 40;
      if (x < margin || y < margin || x > map.width - margin || y > map.height - margin) {
        map.pan(map.width / 2 - x, map.height / 2 - y);
      }
    };
    listenToPointer(map);
    listenToKeys(map);
    all("[data-zoom]", figure).forEach((button) => button.addEventListener("click", () => map.zoom(Number(button.dataset.zoom))));
    figure.querySelector("[data-fit]").addEventListener("click", map.fit);
    if ("ResizeObserver" in window) new ResizeObserver(map.resize).observe(svg);
    return map;
  }

  function drawScaleBar(svg, map) {
    const most = Math.min(160, map.width * 0.3) / map.scale;
    const power = 10 ** Math.floor(Math.log10(most));
    const metres = power * [5, 2, 1].find((step) => step * power <= most);
    const bar = svg.querySelector(".scale");
    bar.setAttribute("transform", `translate(16 ${map.height - 14})`);
    bar.querySelector("path").setAttribute("d", `M0-6V0H${metres * map.scale}V-6`);
    bar.querySelector("text").textContent = metres >= 1000 ? `${metres / 1000} km` : `${Number(metres.toPrecision(1))} m`;
  }

  function listenToPointer(map) {
    const pointers = new Map();
    let moved = 0;
    const at = (event) => { const box = map.svg.getBoundingClientRect(); return { x: event.clientX - box.x, y: event.clientY - box.y }; };
    map.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const point = at(event);
      map.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), point.x, point.y);
    }, { passive: false });
    map.svg.addEventListener("pointerdown", (event) => { pointers.set(event.pointerId, at(event)); moved = 0; });
    window.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = at(event);
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      const other = Array.from(pointers).find(([id]) => id !== event.pointerId);
      if (other) {
        const held = other[1];
        const ratio = Math.hypot(now.x - held.x, now.y - held.y) / Math.hypot(before.x - held.x, before.y - held.y);
        if (Number.isFinite(ratio) && ratio > 0) map.zoom(ratio, held.x, held.y);
      } else if (moved > 4) {
        map.svg.classList.add("dragged");
        map.pan(now.x - before.x, now.y - before.y);
      }
      pointers.set(event.pointerId, now);
    });
    const release = (event) => { pointers.delete(event.pointerId); map.svg.classList.remove("dragged"); };
    window.addEventListener("pointerup", release);
    window.addEventListener("pointercancel", release);
    map.svg.addEventListener("dragstart", (event) => event.preventDefault());
    map.svg.addEventListener("click", (event) => {
      // The end of a drag is not a click on what happens to lie there.
      if (moved > 4) { event.preventDefault(); event.stopImmediatePropagation(); }
    }, true);
  }

  function listenToKeys(map) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    map.svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (steps[event.key]) map.pan(...steps[event.key]);
      else if (event.key === "+" || event.key === "=") map.zoom(1.5);
      else if (event.key === "-") map.zoom(1 / 1.5);
      else if (event.key === "0") map.fit();
      else return;
      event.preventDefault();
    });
  }

  const site = byId("site");
  function showSite(number) {
    maps.forEach((map, index) => { map.figure.hidden = index + 1 !== number; map.resize(); });
    if (site) site.value = String(number);
  }
  if (site) site.addEventListener("change", () => showSite(Number(site.value)));
  if (maps.length) showSite(1);

  // ---- Findings ---------------------------------------------------------------------------
  const table = byId("issues");
  const form = byId("filters");
  const issues = table ? all(".issue", table).map((row) => ({
    row,
    number: Number(row.dataset.number),
    mark: document.querySelector(`.mark[data-mark="${row.dataset.number}"]`),
    files: row.dataset.files ? row.dataset.files.split(" ") : [],
    text: row.textContent.toLowerCase(),
  })) : [];
  let sorting = "number";
  let selected = null;

  const keys = {
    number: (issue) => issue.number,
    class: (issue) => Number(issue.row.dataset.order),
    confidence: (issue) => Number(issue.row.dataset.confidence),
    ce90: (issue) => (issue.row.dataset.ce90 ? Number(issue.row.dataset.ce90) : Infinity),
    seen: (issue) => Number(issue.row.dataset.seen),
    grid: (issue) => issue.row.dataset.grid || "\uffff",
  };

  function sort() {
    const downwards = sorting.startsWith("-");
    const name = sorting.replace("-", "");
    const key = keys[name];
    const compare = (a, b) => {
      const first = key(a), second = key(b);
      const order = typeof first === "string" ? first.localeCompare(second, undefined, { numeric: true }) : first === second ? 0 : first - second;
      return (downwards ? -order : order) || a.number - b.number;
    };
    table.append(...issues.slice().sort(compare).map((issue) => issue.row));
    all("thead [data-sort]", table).forEach((button) => {
      const cell = button.closest("th");
      if (button.dataset.sort === name) cell.setAttribute("aria-sort", downwards ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  const wanted = () => {
    const data = new FormData(form);
    return {
      classes: new Set(data.getAll("class")),
      min: Number(data.get("min")) / 100,
      place: data.get("place"),
      grid: data.get("grid"),
      permits: data.get("permits"),
      words: data.get("text").toLowerCase().split(/\s+/).filter(Boolean),
    };
  };

  const matches = (issue, wish) => {
    const data = issue.row.dataset;
    return wish.classes.has(data.class)
      && Number(data.confidence) >= wish.min
      && (!wish.place || (wish.place === "placed") === (data.ce90 !== ""))
      && (!wish.grid || data.grid === wish.grid)
      && !(wish.permits === "hidden" && issue.row.classList.contains("suppressed"))
      && wish.words.every((word) => issue.text.includes(word));
  };

  function filter() {
    const wish = wanted();
    let count = 0;
    issues.forEach((issue) => {
      const shown = matches(issue, wish);
      count += shown ? 1 : 0;
      issue.row.hidden = !shown;
      if (issue.mark) issue.mark.toggleAttribute("hidden", !shown);
    });
    byId("min-shown").textContent = `${Math.round(wish.min * 100)} %`;
    byId("count").textContent = byId("count").dataset.text.replace("{shown}", count).replace("{total}", issues.length);
    byId("nothing").hidden = count > 0;
  }

  // The filters live in the address, so that a view can be kept and passed on.
  function writeAddress() {
    const state = new URLSearchParams();
    const boxes = all("[name=class]", form);
    if (boxes.some((box) => !box.checked)) state.set("class", boxes.filter((box) => box.checked).map((box) => box.value).join(","));
    ["min", "place", "grid", "permits", "text"].forEach((name) => {
      const field = form.elements[name];
      if (field && field.value && field.value !== "0") state.set(name, field.value);
    });
    if (sorting !== "number") state.set("sort", sorting);
    if (selected) state.set("issue", selected.number);
    try { history.replaceState(null, "", `#${state}`); } catch (error) { /* some viewers forbid it */ }
  }

  function readAddress() {
    const target = location.hash.match(/^#issue-(\d+)$/);
    const state = new URLSearchParams(target ? `issue=${target[1]}` : location.hash.slice(1));
    if (!target) {
      const classes = state.get("class");
      if (classes !== null) all("[name=class]", form).forEach((box) => { box.checked = classes.split(",").includes(box.value); });
      ["min", "place", "grid", "permits", "text"].forEach((name) => { if (state.has(name) && form.elements[name]) form.elements[name].value = state.get(name); });
      const sort = state.get("sort");
      if (sort && keys[sort.replace("-", "")]) sorting = sort;
    }
    return issues.find((issue) => issue.number === Number(state.get("issue")));
  }

  function open(issue, { scroll = false } = {}) {
    if (selected && selected !== issue) toggle(selected, false);
    selected = issue;
    toggle(issue, true);
    if (issue.mark) {
      const figure = issue.mark.closest(".map");
      if (figure.hidden) showSite(maps.findIndex((map) => map.figure === figure) + 1);
      maps.find((map) => map.figure === figure).showMark(issue.mark);
    }
    if (scroll) issue.row.scrollIntoView({ block: "nearest" });
    writeAddress();
  }

  function toggle(issue, shown) {
    issue.row.classList.toggle("open", shown);
    issue.row.querySelector(".open[aria-expanded]").setAttribute("aria-expanded", String(shown));
    if (issue.mark) issue.mark.classList.toggle("selected", shown);
    if (issue.mark && shown) raise(issue.mark);
    light(issue, shown);
    if (shown) fillCrop(issue.row);
    else if (selected === issue) { selected = null; writeAddress(); }
  }

  // What is drawn last lies on top.
  function raise(mark) {
    const focused = document.activeElement === mark;
    mark.parentNode.append(mark);
    if (focused) mark.focus();
  }

  function fillCrop(row) {
    const frame = row.querySelector("[data-crop]");
    if (!frame || frame.firstChild) return;
    const picture = row.querySelector(".picture img").cloneNode();
    const [x, y, width, height] = frame.dataset.crop.split(" ");
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", `0 0 ${picture.getAttribute("width")} ${picture.getAttribute("height")}`);
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    Object.entries({ x, y, width, height }).forEach(([name, value]) => box.setAttribute(name, value));
    drawing.append(box);
    frame.append(picture, drawing);
  }

  function light(issue, lit) {
    issue.files.forEach((number) => {
      const shape = document.querySelector(`.footprint path[data-file="${number}"]`);
      if (shape) shape.classList.toggle("shown", lit || (selected !== null && selected.files.includes(number)));
    });
  }

  issues.forEach((issue) => {
    const hover = (lit) => {
      issue.row.classList.toggle("hovered", lit);
      if (issue.mark) issue.mark.classList.toggle("hovered", lit);
      light(issue, lit);
    };
    [issue.row, issue.mark].filter(Boolean).forEach((part) => {
      part.addEventListener("pointerenter", () => hover(true));
      part.addEventListener("pointerleave", () => hover(false));
    });
    if (issue.mark) issue.mark.addEventListener("click", (event) => { event.preventDefault(); open(issue, { scroll: true }); });
    issue.row.querySelector(".summary").addEventListener("click", (event) => {
      if (event.target.closest("a, button:not(.open)") || String(getSelection())) return;
      if (issue.row.classList.contains("open")) toggle(issue, false); else open(issue);
    });
  });

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) copyText(copy);
    const show = event.target.closest("[data-show]");
    if (show) document.querySelector(".map:not([hidden])").scrollIntoView({ block: "center" });
    const link = event.target.closest('a[href^="#file-"], a[href^="#reason-"]');
    if (link) byId("all-files").open = byId("all-files").open || link.hash.startsWith("#file-");
  });

  async function copyText(button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch (error) {
      const field = document.createElement("textarea"); // for browsers that keep the clipboard from local files
      field.value = button.dataset.copy;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  if (form) {
    const first = readAddress();
    const sortField = form.elements.sort;
    const setSorting = (value) => { sorting = value; sortField.value = value; sort(); writeAddress(); };
    form.addEventListener("input", () => { filter(); writeAddress(); });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => { filter(); setSorting("number"); }));
    sortField.addEventListener("change", () => setSorting(sortField.value));
    all("thead [data-sort]", table).forEach((button) => button.addEventListener("click", () => {
      const name = button.dataset.sort;
      const firstWay = name === "confidence" || name === "seen" ? `-${name}` : name;
      setSorting(sorting === firstWay ? (firstWay === name ? `-${name}` : name) : firstWay);
    }));
    sortField.value = sorting;
    sort();
    filter();
    if (first) open(first, { scroll: true });
    window.addEventListener("hashchange", () => { const issue = readAddress(); if (issue && issue !== selected) open(issue, { scroll: true }); });
  }
})();
