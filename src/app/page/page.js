// Shows what /api/events tells, once a second. Texts go in as texts alone, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const part = (id, name) => $(id).querySelector(`[data-is="${name}"]`);
const MARKS = { well: "✓", busy: "↻", warning: "!", alarm: "✕" };
const STATES = {
  ok: ["well", "ok"], starting: ["busy", "starting"], retrying: ["warning", "trying again"], open: ["warning", "left alone for a pause"],
  stalled: ["warning", "does not answer"], disabled: ["warning", "switched off"],
};

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function count(value) {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US");
}
function rate(value) {
  if (value === null || value === undefined) return "–";
  return value > 0 && value < 10 ? value.toFixed(1) : count(value);
}
function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}
function bytes(value) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (value >= 1000 && at < units.length - 1) { value /= 1000; at += 1; }
  return `${value < 10 && at > 0 ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}
// UTC, as everything of Twinshift is.
function clock(text) {
  return text ? `${text.slice(11, 19)} UTC` : "–";
}
function moment(text) {
  return text ? `${text.slice(0, 10)} ${clock(text)}` : "–";
}
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function facts(list, pairs) {
  while (list.children.length > 2 * pairs.length) list.lastChild.remove();
  pairs.forEach(([name, value, bad], at) => {
    if (list.children.length <= 2 * at) list.append(make("dt"), make("dd"));
    put(list.children[2 * at], name);
    put(list.children[2 * at + 1], value);
    list.children[2 * at + 1].className = bad ? "bad" : "";
  });
}

function chip(node, level, text) {
  node.className = `chip ${level}`;
  put(node, text);
}

function svg(tag, className) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (className) node.setAttribute("class", className);
  return node;
}
// The newest at the right; what was before the start is left empty.
function chart(node, values, steps, what) {
  if (!node.firstChild) node.append(svg("path", "area"), svg("path"));
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => `${(180 * (steps - values.length + at)) / Math.max(1, steps - 1)} ${38 - (36 * (value || 0)) / most}`);
  const line = points.length ? `M${points.join("L")}` : "";
  node.lastChild.setAttribute("d", line);
  node.firstChild.setAttribute("d", points.length ? `${line}L180 40L${points[0].split(" ")[0]} 40Z` : "");
  node.setAttribute("aria-label", `${what}, last 15 minutes: at most ${rate(Math.max(0, ...values))}, last ${rate(values.at(-1) ?? 0)}`);
}

function showVerdict(verdict) {
  $("verdict").className = `verdict ${verdict.level}`;
  put($("mark"), MARKS[verdict.level] || "?");
  put($("headline"), verdict.headline);
  document.title = `${verdict.level === "well" ? "" : `${MARKS[verdict.level]} `}Twinshift: ${verdict.headline}`;
  const list = $("points");
  const wanted = JSON.stringify(verdict.points);
  if (list.dataset.shown === wanted) return;  // so that a screen reader is told only what changed
  list.dataset.shown = wanted;
  list.replaceChildren(...verdict.points.map((point, at) => {
    const item = make("li");
    if (at > 0) item.append(make("strong", point.what));
    if (point.cure) item.append(make("span", point.cure, "cure"));
    return item;
  }).filter((item) => item.childNodes.length > 0));
}

function showIntake(status) {
  const { intake, series } = status;
  put(part("intake", "rate"), rate(intake.perSecond));
  chart(part("intake", "chart"), series.acceptedPerSecond, series.steps, "Events a second");
  put(part("intake", "caption"), `most in 15 min: ${rate(Math.max(0, ...series.acceptedPerSecond))}/s`);
  facts(part("intake", "facts"), [
    ["answered in, p50", milliseconds(intake.latencyMs.p50)], ["p99", milliseconds(intake.latencyMs.p99)],
    ["accepted", count(intake.accepted)], ["refused (4xx)", count(intake.refused), false], ["turned away (503)", count(intake.turnedAway), intake.turnedAway > 0],
    ["connections", count(intake.connections)],
  ]);
}

function showQueue({ queue }) {
  chip(part("queue", "chip"), queue.up ? "well" : "alarm", queue.up ? (queue.driver === "sqs" ? "SQS" : "on disk") : "in trouble");
  put(part("queue", "rate"), count(queue.events));
  const rows = [["on their way", count(queue.inFlight)], ["oldest", span(queue.oldestAgeSeconds)]];
  if (queue.driver === "sqs") rows.push(["dead letters", count(queue.deadLetters), queue.deadLetters > 0], ["spooled", count(queue.spooled), queue.spooled > 0]);
  facts(part("queue", "facts"), rows);
}

function laneCard(name) {
  const id = `lane-${name}`;
  if ($(id)) return id;
  const card = make("article", undefined, "card lane");
  card.id = id;
  const title = make("h3");
  title.id = `${id}-title`;
  card.setAttribute("aria-labelledby", title.id);
  const label = make("span");
  label.dataset.is = "name";
  const state = make("span", undefined, "chip");
  state.dataset.is = "chip";
  title.append(label, state);
  const left = make("div");
  const figure = make("p", undefined, "figure");
  const value = make("b", "–");
  value.dataset.is = "rate";
  figure.append(value, " ", make("span", "rows/s"));
  const picture = svg("svg", "chart");
  picture.setAttribute("role", "img");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("viewBox", "0 0 180 40");
  picture.dataset.is = "chart";
  const caption = make("p", undefined, "caption");
  caption.dataset.is = "caption";
  left.append(figure, picture, caption);
  const list = make("dl");
  list.dataset.is = "facts";
  card.append(title, left, list);
  $("lanes").append(card);
  return id;
}

function showTarget(target, series) {
  const id = laneCard(target.name);
  put(part(id, "name"), `${capital(target.name)}${target.product ? ` · ${target.product}` : ""}`);
  const [level, word] = STATES[target.state] || ["warning", target.state];
  const behind = target.backlog && target.backlog.events > 0;
  chip(part(id, "chip"), target.isPrimary && level === "warning" ? "alarm" : level === "well" && behind ? "busy" : level, level === "well" && behind ? "catching up" : word);
  put(part(id, "rate"), rate(target.rowsPerSecond));
  const lines = series.targets[target.name] || { rowsPerSecond: [], owed: [] };
  const owes = Math.max(0, ...lines.owed) > 0;
  chart(part(id, "chart"), owes ? lines.owed : lines.rowsPerSecond, series.steps, owes ? "Events in the backlog" : "Rows a second");
  put(part(id, "caption"), owes ? `backlog, most in 15 min: ${count(Math.max(...lines.owed))} events` : `most in 15 min: ${rate(Math.max(0, ...lines.rowsPerSecond))}/s`);
  const rows = [
    ["success", target.successPercent === null ? "nothing tried" : `${target.successPercent.toFixed(target.successPercent < 100 ? 1 : 0)} %`, target.successPercent !== null && target.successPercent < 99],
    ["commit, p50 / p99", `${milliseconds(target.commitMs.p50)} / ${milliseconds(target.commitMs.p99)}`],
    ["rows", count(target.rows)], ["retries", count(target.retries)],
  ];
  if (target.backlog) {
    const eta = target.backlog.etaSeconds === null ? "" : `, ${span(target.backlog.etaSeconds)} to go`;
    rows.push(["backlog", behind ? `${count(target.backlog.events)}${eta}` : "empty"]);
    if (behind) rows.push(["oldest in it", span(target.backlog.oldestAgeSeconds)]);
    if (behind && target.backlog.bytesMax) rows.push(["its room", `${bytes(target.backlog.bytes)} of ${bytes(target.backlog.bytesMax)}`]);
  }
  rows.push(["last commit", clock(target.lastCommit)]);
  facts(part(id, "facts"), rows);
}

function showParity({ parity }) {
  const sentence = part("parity", "sentence");
  if (!parity) {
    put(sentence, "There is nothing to compare: one target is configured.");
    return facts(part("parity", "facts"), []);
  }
  const last = parity.lastAudit;
  if (last && last.verdict === "different") put(sentence, `No: the last audit found ${count(last.differences)} events that differ.`);
  else if (parity.identicalUpTo) put(sentence, `Identical up to ${clock(parity.identicalUpTo)}, ${span(parity.lagSeconds)} ago.`);
  else put(sentence, last ? "The last audit could not tell." : "Not known yet: the first audit is still to come.");
  const rows = [["last audit", last ? `${last.verdict}, ${clock(last.begun)}` : "none yet", last && last.verdict === "different"]];
  if (parity.identicalUpTo) rows.push(["identical up to", moment(parity.identicalUpTo)], ["but for, in quarantine", count(parity.except)]);
  facts(part("parity", "facts"), rows);
}

function showBooks({ targets }) {
  const counted = targets.filter((target) => target.books);
  const missing = counted.reduce((sum, target) => sum + target.books.missing, 0);
  if (counted.length === 0) put(part("books", "sentence"), "Not counted yet.");
  else put(part("books", "sentence"), missing > 0 ? `No: ${count(missing)} accepted ${missing === 1 ? "event is" : "events are"} missing.` : "Nothing is missing.");
  const rows = [];
  for (const target of targets) {
    if (!target.books) {
      rows.push([target.name, "not counted yet"]);
      continue;
    }
    rows.push([target.name, `${count(target.books.missing)} missing of ${count(target.books.received)}`, target.books.missing > 0]);
    if (target.books.error) rows.push(["not counted now", target.books.error, true]);
  }
  if (counted.length > 0) rows.push(["counted", clock(counted[0].books.countedAt)]);
  facts(part("books", "facts"), rows);
}

function showQuarantine({ targets, quarantine }) {
  const kept = targets.reduce((sum, target) => sum + target.quarantined, 0);
  put(part("quarantine", "sentence"), kept === 0 ? "Empty." : `${count(kept)} events are refused and kept.`);
  part("quarantine", "list").replaceChildren(...quarantine.map((why) => {
    const item = make("li");
    item.append(make("span", `${count(why.events)} × ${why.target}`), make("span", `${why.column ? `column ${why.column}: ` : ""}${why.reason || "refused"}`, "detail"));
    return item;
  }));
}

function showErrors({ errors }) {
  put(part("errors", "sentence"), errors.length === 0 ? "None since the start." : "The newest first.");
  const list = part("errors", "list");
  const wanted = JSON.stringify(errors);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...errors.map((error) => {
    const item = make("li");
    item.append(make("span", clock(error.last), "when"), make("strong", `${error.what}${error.count > 1 ? ` (${count(error.count)} times)` : ""}`));
    if (error.error) item.append(make("span", error.error, "detail"));
    if (error.hint) item.append(make("span", error.hint, "cure"));
    return item;
  }));
}

function show(status) {
  put($("version"), status.version);
  showVerdict(status.verdict);
  showIntake(status);
  showQueue(status);
  for (const target of status.targets) showTarget(target, status.series);
  showParity(status);
  showBooks(status);
  showQuarantine(status);
  showErrors(status);
}

function live(connected, text) {
  $("live").classList.toggle("lost", !connected);
  put($("live"), text);
}

const source = new EventSource("/api/events");
source.onmessage = (message) => {
  const status = JSON.parse(message.data);
  show(status);
  live(true, `live, ${clock(status.timestamp)}`);
};
source.onerror = () => live(false, "no connection: these are old figures");
