// Draws the charts of an asset's page from the data that the page carries. Colours come from the style sheet, so the
// charts follow light and dark.
"use strict";

const page = JSON.parse(document.getElementById("chart-data").textContent);
const options = { displayModeBar: false, responsive: true, showTips: false };
const isTime = page.axis === "time";

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function see_through(hex, share) {
  const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${share})`;
}

function axis(title, more) {
  const quiet = { color: colour("soft"), gridcolor: colour("line"), zeroline: false, fixedrange: true, automargin: true, ticklabelstandoff: 4 };
  return { ...quiet, title: { text: title, standoff: 8, font: { size: 12 } }, tickfont: { size: 11 }, ...more };
}

function timeAxis(title) {
  const stops = [
    { dtickrange: [null, 86400000], value: "%H:%M\n%Y-%m-%d" },
    { dtickrange: [86400000, "M1"], value: "%m-%d\n%Y" },
    { dtickrange: ["M1", null], value: "%Y-%m" },
  ];
  return axis(title, isTime ? { type: "date", tickformatstops: stops, hoverformat: "%Y-%m-%d %H:%M", nticks: 6 } : {});
}

function layout(more) {
  return {
    margin: { l: 48, r: 12, t: 8, b: 36 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: colour("ink"), size: 12 },
    hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("line"), font: { color: colour("ink") } },
    hovermode: "x",
    showlegend: false,
    ...more,
  };
}

// Events as thin upright lines; failures stand out, the others keep back.
function marks() {
  return page.events.map((event) => ({
    type: "line", xref: "x", yref: "paper", x0: event.at, x1: event.at, y0: 0, y1: 1,
    line: { width: 1, dash: "dot", color: colour(event.kind === "failure" ? "act" : "soft") },
  }));
}

function within(events, times) {
  return events.filter((event) => times.length && event.x0 >= times[0] && event.x0 <= times[times.length - 1]);
}

function drawCurve(place, data) {
  const band = colour("band");
  const curve = {
    x: data.x, y: data.y, mode: "lines+markers", line: { color: colour("ink"), width: 2 }, marker: { size: 7 },
    hovertemplate: "%{x:,.0f}: %{y:.1%}<extra></extra>",
  };
  const upright = { xref: "x", yref: "paper", y0: 0, y1: 1 };
  const shapes = [
    { ...upright, type: "rect", x0: data.low, x1: data.high, fillcolor: see_through(band, 0.14), line: { width: 0 } },
    { ...upright, type: "line", x0: data.median, x1: data.median, line: { color: band, width: 2 } },
  ];
  const reach = Math.max(data.high, ...data.x);
  const notes = [[data.median, data.median_name, data.median > reach * 0.75 ? "right" : "left"]].map(([x, text, anchor]) => ({
    x, y: 0, xref: "x", yref: "paper", text, showarrow: false, xanchor: anchor, yanchor: "bottom", font: { color: band, size: 12 },
  }));
  const x = axis(data.x_title, { range: [0, reach * 1.03], rangemode: "nonnegative" });
  const y = axis(data.y_title, { range: [0, 1.02], tickformat: ".0%" });
  Plotly.react(place, [curve], layout({ xaxis: x, yaxis: y, shapes, annotations: notes }), options);
}

// A band may not reach across a gap, so each unbroken stretch is a shape of its own.
function stretches(data) {
  const found = [];
  let open = [];
  data.median.forEach((value, at) => {
    if (value === null) { if (open.length) found.push(open); open = []; } else open.push(at);
  });
  if (open.length) found.push(open);
  return found;
}

function drawHistory(place, data) {
  const band = colour("band");
  const traces = stretches(data).flatMap((stretch) => {
    const at = stretch.map((each) => data.at[each]);
    const pick = (values) => stretch.map((each) => values[each]);
    const edge = { x: at, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
    return [
      { ...edge, y: pick(data.low) },
      { ...edge, y: pick(data.high), fill: "tonexty", fillcolor: see_through(band, 0.18) },
      {
        x: at, y: pick(data.median), customdata: stretch.map((each) => [data.low[each], data.high[each]]),
        mode: stretch.length > 40 ? "lines" : "lines+markers", line: { color: band, width: 2 }, marker: { size: 5 },
        hovertemplate: "%{y:,.0f} [%{customdata[0]:,.0f} – %{customdata[1]:,.0f}]<extra></extra>",
      },
    ];
  });
  const y = axis(data.y_title, { rangemode: "tozero" });
  const x = { ...timeAxis(""), range: [data.at[0], data.at[data.at.length - 1]] };  // a gap at the end is seen too
  const shapes = within(marks(), data.at);
  const annotations = within(page.events.map((event) => ({ ...event, x0: event.at })), data.at).map((event) => ({
    x: event.at, y: 1, xref: "x", yref: "paper", text: event.name, textangle: -90, showarrow: false, xanchor: "right",
    yanchor: "top", font: { size: 10, color: colour(event.kind === "failure" ? "act" : "soft") },
  }));
  Plotly.react(place, traces, layout({ xaxis: x, yaxis: y, shapes, annotations }), options);
}

// The reach of the good readings with some air. A reading far outside of it would press their line flat, so it is drawn
// at the edge, as a triangle that points to where it lies.
function reachOf(values) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return null;
  const low = Math.min(...known), high = Math.max(...known);
  const air = (high - low || Math.abs(high) || 1) * 0.5;
  return [low - air, high + air];
}

// Readings that are kept out of forecasts: hollow and grey, and the words say what was found.
function suspects(signal, reach) {
  const { at, values, found } = signal.suspect;
  const [low, high] = reach ?? [-Infinity, Infinity];
  const symbol = (value) => (value > high ? "triangle-up-open" : value < low ? "triangle-down-open" : "circle-open");
  return {
    x: at, y: values.map((value) => Math.min(high, Math.max(low, value))), mode: "markers", cliponaxis: false,
    marker: { size: 6, color: colour("soft"), symbol: values.map(symbol), line: { width: 1 } },
    customdata: values.map((value, place) => [value, found[place]]),
    hovertemplate: `%{customdata[0]:.4~g} ${signal.unit}<br>%{customdata[1]}<extra></extra>`,
  };
}

// Marks at the ends would widen the axis, and charts below one another would no longer agree.
function spanOf(signal) {
  const ends = [signal.at, signal.suspect.at].flatMap((at) => (at.length ? [at[0], at[at.length - 1]] : []));
  const order = isTime ? (one, other) => Date.parse(one) - Date.parse(other) : (one, other) => one - other;
  ends.sort(order);
  return ends.length > 1 && order(ends[0], ends[ends.length - 1]) ? { range: [ends[0], ends[ends.length - 1]] } : {};
}

function drawSignal(place, signal) {
  const trace = {
    x: signal.at, y: signal.values, mode: "lines", line: { color: colour("accent"), width: 1.25 },
    hovertemplate: `%{y:.4~g} ${signal.unit}<extra></extra>`,
  };
  const shapes = within(marks(), signal.at);
  const margin = { l: 44, r: 8, t: 6, b: 30 };
  const x = { ...timeAxis(""), ...spanOf(signal), nticks: 5, showgrid: false };
  const traces = signal.suspect.at.length ? [trace, suspects(signal, reachOf(signal.values))] : [trace];
  Plotly.react(place, traces, layout({ margin, xaxis: x, yaxis: axis("", { nticks: 4 }), shapes }), options);
}

function figureOf(signal) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const unit = document.createElement("small");
  const place = document.createElement("div");
  caption.textContent = `${signal.name} `;
  unit.textContent = signal.unit;
  caption.append(unit);
  place.className = "chart";
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${signal.name} ${signal.unit}`);
  figure.append(caption, place);
  return [figure, place];
}

const drawings = [];
const signals = document.getElementById("signals");
if (page.curve) drawings.push(() => drawCurve(document.getElementById("curve"), page.curve));
if (page.history) drawings.push(() => drawHistory(document.getElementById("history"), page.history));
if (signals) {
  for (const signal of page.signals) {
    const [figure, place] = figureOf(signal);
    signals.append(figure);
    drawings.push(() => drawSignal(place, signal));
  }
}

function draw() { drawings.forEach((each) => each()); }
draw();
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
