// Draws what pages/explanations/reader.py says. All text reaches the page as text nodes; only numbers worked out here become styles.

const SIDES = ["shopper", "product"];
const OTHER = { shopper: "product", product: "shopper" };
const STEPS = [0.06, 0.15, 0.3, 0.5, 0.75]; // on the square root of a phrase's share of the strongest
const NOTHING = 0.00005;
const HOVER_MS = 90, LEAVE_MS = 220, ANSWER_MS = 4000, REFUSED_MS = 1500;
const readers = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".reader");
  if (!root || !data) return undefined;
  let reader = readers.get(parentElement);
  if (!reader || reader.root !== root) {
    reader?.leave();
    reader = new Reader(root);
    readers.set(parentElement, reader);
  }
  reader.send = setTriggerValue;
  clearTimeout(reader.due);
  // What a person waits for after a strike stands above; hundreds of phrases are painted after it.
  if (reader.data) requestAnimationFrame(() => { reader.due = setTimeout(() => reader.take(data)); });
  else reader.take(data);
  return () => {
    clearTimeout(reader.due);
    reader.leave();
    readers.delete(parentElement);
  };
}

function make(tag, className = "", text = "", facts = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  return element;
}

function button(className, text, act) {
  const element = make("button", className, text, { type: "button" });
  element.addEventListener("click", act);
  return element;
}

function signed(value) {
  const size = Math.abs(value);
  if (size < NOTHING) return "0.00";
  return `${value > 0 ? "+" : "−"}${size.toFixed(size < 0.00095 ? 4 : size < 0.0095 ? 3 : 2)}`;
}

const spoken = (value) => signed(value).replace("−", "minus ").replace("+", "plus ");
const way = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const isSheet = () => matchMedia("(max-width: 640px)").matches;

function shade(value, strongest) {
  const share = strongest > 0 ? Math.sqrt(Math.abs(value) / strongest) : 0;
  const step = STEPS.filter((edge) => share >= edge).length;
  return `mark ${step ? way(value) : ""} s${step}`;
}

class Reader {
  constructor(root) {
    this.root = root;
    this.turn = -1;
    this.queue = [];
    this.waiting = 0;
    this.wanted = new Map();
    this.shown = { shopper: new Map(), product: new Map() };
    this.active = null;
    this.pinned = false;
    this.timers = {};
    // Streamlit fades what waits for its answer; here a tick shows at once.
    root.getRootNode().host?.closest("[data-testid=stElementContainer]")?.style.setProperty("opacity", "1", "important");
    this.away = new AbortController();
    const on = (target, kind, act, more = {}) => target.addEventListener(kind, act, { signal: this.away.signal, ...more });
    on(root, "pointerover", (event) => this.over(event));
    on(root, "pointerout", (event) => this.out(event));
    on(root, "click", (event) => this.click(event));
    on(root, "keydown", (event) => this.key(event));
    on(root, "focusin", (event) => this.focus(event));
    on(root, "focusout", (event) => this.blur(event));
    on(document, "pointerdown", (event) => this.outside(event), { capture: true });
    on(document, "keydown", (event) => this.escape(event), { capture: true });
    on(window, "scroll", () => this.moved(), { capture: true, passive: true });
    on(window, "resize", () => this.moved());
  }

  leave() {
    this.away.abort();
    clearTimeout(this.waiting);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.close();
  }

  // What Python says -------------------------------------------------------------------------------------------

  take(data) {
    const texts = JSON.stringify(SIDES.map((side) => [
      data[side].empty,
      data[side].groups.map((group) => [
        group.title, group.documents.map((each) => [each.index, each.name, each.pieces.map((piece) => [piece.text, piece.phrase])]),
      ]),
    ]));
    this.data = data;
    if (texts !== this.texts) {
      this.texts = texts;
      this.wanted.clear();
      this.build();
    }
    if (data.turn !== this.turn) {
      this.turn = data.turn;
      this.answered();
    }
    this.paint();
  }

  answered() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    for (const wish of this.wanted.values()) {
      if (wish.sent) setTimeout(() => { wish.refused = true; this.paint(); }, REFUSED_MS);
    }
    setTimeout(() => this.next(), 0);
  }

  // One answer at a time: a second one on its way would replace the first on the server.
  say(event, name) {
    this.queue.push([event, name]);
    this.next();
  }

  next() {
    if (this.waiting || !this.queue.length) return;
    const [event, name] = this.queue.shift();
    if (this.wanted.has(name)) this.wanted.get(name).sent = true;
    this.waiting = setTimeout(() => this.answered(), ANSWER_MS);
    this.send(event, name);
  }

  // Drawing ----------------------------------------------------------------------------------------------------

  build() {
    this.close();
    this.root.replaceChildren();
    const columns = make("div", "columns");
    for (const side of SIDES) columns.append(this.side(side));
    this.badges = make("div", "badges", "", { "aria-hidden": "true" });
    this.pop = make("div", "pop", "", { popover: "manual", role: "dialog", "aria-label": "What this phrase does" });
    this.pop.addEventListener("pointerenter", () => clearTimeout(this.timers.leave));
    this.pop.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leaveSoon());
    this.said = make("div", "sr", "", { role: "status" });
    this.root.append(this.legend(), columns, this.badges, this.pop, this.said);
  }

  legend() {
    const legend = make("div", "legend");
    const scale = make("div", "scale", "", { role: "img", "aria-label": "Shading, from what pulls the product down to what speaks for it" });
    scale.append(make("span", "end", "pulls down"));
    const swatches = make("span", "swatches");
    for (let step = 5; step > 0; step--) swatches.append(make("span", `mark down s${step}`, "ab"));
    swatches.append(make("span", "mark s0", "ab"));
    for (let step = 1; step <= 5; step++) swatches.append(make("span", `mark up s${step}`, "ab"));
    scale.append(swatches, make("span", "end", "speaks for"));
    const cues = make("p", "cues");
    const cue = (className, sample, text) => {
      const part = make("span", "cue");
      part.append(make("span", className, sample), ` ${text}`);
      cues.append(part);
    };
    cue("mark up s2", "solid line", "adds to the score");
    cue("mark down s2", "wavy line", "takes from it");
    cue("glyph", "▼", "a complaint that pulls down");
    cue("glyph", "▽", "a complaint, yet it speaks for it");
    legend.append(scale, cues, make("p", "how", "A review of a product counts for it with 4 or 5 stars, against it with 1 or 2, and neither way with 3; what it says decides how much, and for whom."), make("p", "how", `${matchMedia("(hover: none)").matches ? "Tap" : "Hover or tap"} a phrase to see what it answers on the other side.`));
    return legend;
  }

  side(side) {
    const { title, empty, hint, counted, groups } = this.data[side];
    const section = make("section", `side ${side}`, "", { "aria-label": title });
    const head = make("header", "side-head");
    head.append(make("h3", "", title));
    const note = make("p", "counted", counted);
    if (counted) head.append(note);
    section.append(head);
    if (hint) section.append(make("p", "hint", hint));
    this.shown[side] = new Map();
    this.shown[side].counted = note;
    // What is short stays in sight beside what is long.
    if (groups.every((group) => group.documents.length < 2) && groups.length < 2) section.classList.add("short");
    if (empty) section.append(make("p", "empty", empty));
    for (const group of groups) section.append(this.group(side, group));
    return section;
  }

  group(side, { title, documents }) {
    const box = make("div", "group");
    const head = make("h4", "", title);
    if (documents.length > 1) head.append(make("span", "many", ` ${documents.length}`));
    box.append(head);
    const waiting = [];
    for (const said of documents) {
      const text = this.text(side, said);
      box.append(text.element);
      if (!said.open) {
        text.element.hidden = true;
        waiting.push(text);
      }
    }
    if (waiting.length) {
      const more = button("more", `Show ${waiting.length} more`, () => {
        for (const text of waiting) text.element.hidden = false;
        more.remove();
        if (this.root.getRootNode().activeElement === null) waiting[0].phrases.find(Boolean)?.element?.focus({ preventScroll: true });
        this.highlight();
      });
      for (const text of waiting) text.opener = more;
      box.append(more);
    }
    return box;
  }

  text(side, said) {
    const element = make("article", `text ${said.name ? "" : "typed"}`);
    const text = { side, index: said.index, element, said, phrases: [], opener: null };
    const head = make("header", "text-head");
    if (said.name) {
      const tick = make("input", "tick", "", { type: "checkbox", "aria-label": `Count this text: ${[said.who, said.stars, said.day].filter(Boolean).join(", ")}`, title: "Untick to strike the whole text" });
      tick.addEventListener("change", () => this.strike(text, said.name, !tick.checked));
      text.tick = tick;
      head.append(tick);
    }
    const by = make("p", "by");
    by.append(make("bdi", "who", said.who));
    if (said.stars) by.append(make("span", "stars", said.stars));
    if (said.day) by.append(make("span", "", said.day));
    if (said.note) by.append(make("span", "note", said.note));
    if (said.product) {
      const product = make("span", "product");
      product.append(make("bdi", "", said.product, { dir: "auto" }));
      by.append(product);
    }
    text.sum = make("span", "sum");
    head.append(by, text.sum);
    element.append(head, this.words(text));
    this.shown[side].set(said.index, text);
    return text;
  }

  words(text) {
    const body = make("p", "words", "", { dir: "auto" });
    let place = body, phrase = null, fold = false, folded = 0, opener = null;
    for (const piece of text.said.pieces) {
      if (piece.fold !== fold) {
        fold = piece.fold;
        phrase = null;
        if (fold) [place, opener] = this.fold(body);
        else place = body;
        folded = 0;
      }
      if (fold) {
        folded += piece.text.length;
        opener.setAttribute("aria-label", `Show ${folded} more characters`);
        opener.title = `Show ${folded} more characters`;
      }
      if (piece.phrase === null) {
        phrase = null;
        place.append(piece.hidden ? make("span", "masked", piece.text) : piece.text);
        continue;
      }
      if (phrase?.index !== piece.phrase) {
        phrase = this.phrase(text, piece.phrase, opener && fold ? opener : null);
        place.append(phrase.element);
      }
      phrase.words += piece.text;
      phrase.element.append(piece.hidden ? make("span", "masked", piece.text) : piece.text);
    }
    const first = text.phrases.find((each) => each && !each.opener) ?? text.phrases.find(Boolean);
    if (first) first.element.tabIndex = 0;
    return body;
  }

  phrase(text, index, opener) {
    const element = make("span", "mark phrase", "", { role: "button", tabindex: "-1", "aria-haspopup": "dialog" });
    const phrase = { text, index, element, opener, words: "" };
    element.phrase = phrase;
    text.phrases[index] = phrase;
    return phrase;
  }

  fold(body) {
    const inside = make("span", "folded");
    inside.hidden = true;
    const opener = button("unfold", "…", () => {
      inside.hidden = false;
      opener.remove();
      this.highlight();
    });
    body.append(opener, inside);
    return [inside, opener];
  }

  // Everything that a new reading may change; texts stay where they are, so that nothing jumps.
  paint() {
    for (const [name, wish] of this.wanted) if (wish.refused || this.holds(name, wish.struck)) this.wanted.delete(name);
    for (const side of SIDES) {
      this.shown[side].counted.textContent = this.data[side].counted;
      for (const group of this.data[side].groups) for (const said of group.documents) this.paintText(this.shown[side].get(said.index), said);
    }
    this.highlight();
    if (this.active && this.isOpen()) this.fill();
  }

  paintText(text, said) {
    text.said = said;
    const struck = said.phrases.map((phrase) => this.isStruck(said, phrase));
    const all = struck.length > 0 && struck.every(Boolean);
    if (text.tick) {
      text.tick.checked = !all;
      text.tick.indeterminate = !all && struck.some(Boolean);
    }
    text.element.classList.toggle("struck", all);
    text.sum.textContent = all ? "struck" : signed(said.value);
    text.sum.className = `sum ${all ? "" : way(said.value)}`;
    for (const phrase of text.phrases) if (phrase) this.paintPhrase(phrase, said.phrases[phrase.index], struck[phrase.index]);
  }

  paintPhrase(phrase, said, struck) {
    phrase.said = said;
    phrase.struck = struck;
    const complains = said.opinion === "complaint" && !struck;
    const down = complains && said.value <= -NOTHING;
    const looks = struck ? "mark s0 struck" : shade(said.value, this.data.strongest);
    phrase.element.className = `${looks} phrase ${down ? "complaint" : complains ? "complaint yet" : ""}`;
    const what = struck ? "struck, counts for nothing" : `${spoken(said.value)}${said.opinion ? `, ${said.opinion}` : ""}`;
    phrase.element.setAttribute("aria-label", `${phrase.words.trim()}: ${what}`);
  }

  isStruck(said, phrase) {
    return (this.wanted.get(phrase.strike) ?? this.wanted.get(said.name))?.struck ?? phrase.struck;
  }

  holds(name, struck) {
    for (const side of SIDES) for (const { said } of this.shown[side].values()) {
      const meant = said.phrases.filter((phrase) => said.name === name || phrase.strike === name);
      if (meant.length) return meant.every((phrase) => phrase.struck === struck);
    }
    return true;
  }

  strike(text, name, struck) {
    if (name === text.said.name) for (const phrase of text.said.phrases) this.wanted.delete(phrase.strike);
    this.wanted.set(name, { struck, sent: false, refused: false });
    this.said.textContent = struck ? "Struck. The score is worked out again." : "Restored. The score is worked out again.";
    this.paint();
    this.say("struck_toggled", name);
  }

  // Pairs ------------------------------------------------------------------------------------------------------

  partners(phrase) {
    if (phrase.struck) return [];
    return phrase.said.partners
      .map(([index, at, value]) => ({ phrase: this.shown[OTHER[phrase.text.side]].get(index)?.phrases[at], value }))
      .filter(({ phrase: partner, value }) => partner && !partner.struck && Math.abs(value) >= NOTHING);
  }

  highlight() {
    for (const element of this.root.querySelectorAll(".active, .partner, .holds")) element.classList.remove("active", "partner", "holds");
    this.badges.replaceChildren();
    if (!this.active) return;
    this.active.element.classList.add("active");
    const frame = this.root.getBoundingClientRect();
    for (const { phrase, value } of this.partners(this.active)) {
      const [line] = phrase.element.getClientRects();
      if (!line) {
        for (const opener of [phrase.opener, phrase.text.opener]) if (opener?.isConnected) opener.classList.add("holds");
        continue;
      }
      phrase.element.classList.add("partner");
      const badge = make("span", `badge ${way(value)}`, signed(value));
      this.badges.append(badge);
      const left = Math.min(line.right - frame.left, frame.width) - badge.offsetWidth;
      badge.style.setProperty("left", `${Math.max(0, left)}px`);
      badge.style.setProperty("top", `${line.top - frame.top - 11}px`);
    }
  }

  reveal(phrase) {
    this.close();
    if (phrase.text.element.hidden) phrase.text.opener?.click();
    if (phrase.opener?.isConnected) phrase.opener.click();
    this.rove(phrase);
    phrase.element.scrollIntoView({ block: "center", behavior: still() ? "auto" : "smooth" });
    phrase.element.focus({ preventScroll: true });
    this.active = phrase;
    this.highlight();
    phrase.element.classList.add("found");
    setTimeout(() => phrase.element.classList.remove("found"), 1600);
  }

  // The popover ------------------------------------------------------------------------------------------------

  isOpen() {
    return this.pop?.classList.contains("open");
  }

  open(phrase, { pinned, line }) {
    clearTimeout(this.timers.hover);
    clearTimeout(this.timers.leave);
    this.active = phrase;
    this.pinned = pinned;
    this.line = line ?? 0;
    this.highlight();
    this.pop.classList.toggle("sheet", isSheet());
    this.pop.classList.add("open");
    if (!this.pop.matches(":popover-open")) this.pop.showPopover?.();
    this.fill();
    if (this.pop.classList.contains("sheet")) this.clear(phrase);
  }

  // A phrase under the sheet is scrolled to where it can be read.
  clear(phrase) {
    const [line] = phrase.element.getClientRects();
    if (line && line.bottom > innerHeight - this.pop.offsetHeight - 8) phrase.element.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
  }

  close({ back = false } = {}) {
    clearTimeout(this.timers.hover);
    clearTimeout(this.timers.leave);
    const phrase = this.active;
    this.active = null;
    this.pinned = false;
    if (this.pop) {
      if (this.pop.matches(":popover-open")) this.pop.hidePopover();
      this.pop.classList.remove("open");
      this.pop.replaceChildren();
      this.highlight();
    }
    if (!back || !phrase) return;
    this.returning = true; // the popover that was just closed must not open again
    phrase.element.focus({ preventScroll: true });
    this.returning = false;
  }

  fill() {
    const phrase = this.active, { said, struck, text } = phrase;
    const focused = this.root.getRootNode().activeElement?.action;
    const parts = [this.popHead(phrase)];
    if (this.pop.classList.contains("sheet")) parts.push(make("bdi", "pop-words", phrase.words.trim(), { dir: "auto" }));
    const inside = this.data.inside?.strike && this.data.inside.strike === said.strike && !struck ? this.data.inside : null;
    if (inside) {
      parts.push(this.inside(inside));
      phrase.asked = false;
    }
    parts.push(this.pairs(phrase));
    const actions = make("div", "actions");
    if (said.strike) {
      const strike = button(struck ? "act" : "act first", struck ? "Restore this phrase" : "Strike this phrase", () => this.strike(text, said.strike, !struck));
      strike.action = "strike";
      actions.append(strike);
      if (!struck && !inside) {
        const look = button("act", phrase.asked ? "Looking…" : "Look inside", () => {
          phrase.asked = true;
          setTimeout(() => { phrase.asked = false; if (this.active === phrase && this.isOpen()) this.fill(); }, 15000);
          this.pinned = true;
          this.fill();
          this.say("look_inside", said.strike);
        });
        look.action = "look";
        look.disabled = Boolean(phrase.asked);
        actions.append(look);
      }
    }
    if (actions.childNodes.length) parts.push(actions);
    this.pop.replaceChildren(...parts);
    this.position();
    if (focused) [...this.pop.querySelectorAll("button")].find((each) => each.action === focused && !each.disabled)?.focus() ?? this.pop.querySelector("button")?.focus();
  }

  popHead({ said, struck }) {
    const head = make("div", "pop-head");
    const tiny = Math.abs(said.value) < NOTHING;
    const amount = make("p", "amount");
    if (struck) amount.append("Struck: it counts for nothing now");
    else if (tiny) amount.append("adds next to nothing to the score");
    else if (said.value > 0) amount.append("carries ", make("strong", "up", signed(said.value)), " of the score");
    else amount.append("pulls the score down by ", make("strong", "down", signed(said.value)));
    head.append(amount);
    if (!struck && !tiny) head.append(make("p", "quiet alone", `Struck alone, the score would change by ${signed(-said.loss)}: the other phrases take up the rest.`));
    if (said.opinion) {
      const pulls = said.opinion === "complaint" && said.value <= -NOTHING && !struck;
      head.append(make("span", `tag ${said.opinion} ${pulls ? "pulls" : ""}`, pulls ? "▼ complaint that pulls down" : said.opinion === "complaint" ? "▽ complaint, yet it speaks for it" : said.opinion));
    }
    const shut = button("shut", "×", () => this.close({ back: true }));
    shut.setAttribute("aria-label", "Close");
    shut.action = "shut";
    head.append(shut);
    return head;
  }

  pairs(phrase) {
    const box = make("div", "pairs");
    const partners = this.partners(phrase);
    if (!partners.length) {
      if (!phrase.struck) box.append(make("p", "quiet", "Nothing that is shown on the other side answers it."));
      return box;
    }
    box.append(make("p", "eyebrow", phrase.text.side === "shopper" ? "Answered in this product's words by" : "Answers what this shopper wrote and liked"));
    const list = make("ul");
    for (const { phrase: partner, value } of partners) {
      const item = make("li");
      const go = button("pair", "", () => this.reveal(partner));
      go.action = `pair ${partner.text.index} ${partner.index}`;
      go.append(make("bdi", "pair-words", partner.words.trim() || "hidden words", { dir: "auto" }), make("span", `pair-value ${way(value)}`, signed(value)));
      const { who, stars } = partner.text.said;
      go.append(make("span", "pair-by", stars ? `${who} · ${stars}` : who));
      item.append(go);
      list.append(item);
    }
    const rest = phrase.said.value - partners.reduce((sum, { value }) => sum + value, 0);
    const others = make("p", "others");
    others.append(make("span", "", "all that is said there besides"), make("span", "", signed(rest)));
    box.append(list);
    if (Math.abs(rest) >= NOTHING) box.append(others);
    return box;
  }

  inside({ words, residual, whole }) {
    const box = make("div", "inside");
    box.append(make("p", "eyebrow", "Word by word"));
    const line = make("p", "inside-words", "", { dir: "auto" });
    // Shaded beside the whole phrase: words that explain little of it stay pale, however they compare with each other.
    const strongest = Math.max(Math.abs(whole), ...words.map((word) => Math.abs(word.value ?? 0)), 0);
    const explained = Math.abs(whole) > 0 ? Math.max(0, 1 - Math.abs(residual / whole)) : 0;
    const telling = explained >= 0.5;
    for (const { text, value, hidden } of words) {
      if (value === null) {
        line.append(hidden ? make("span", "masked", text) : text);
        continue;
      }
      const word = make("span", "word");
      word.append(make("span", telling ? shade(value, strongest) : "mark s0", text), make("span", "word-value", signed(value)));
      line.append(word);
    }
    box.append(line, make("p", "quiet", `${telling ? "Approximate" : `Single words explain only ${Math.round(100 * explained)}% of this phrase, so they are not shaded`}: words interact; left over ${signed(residual)} of ${signed(whole)}.`));
    return box;
  }

  position() {
    const { style } = this.pop;
    if (this.pop.classList.contains("sheet")) {
      for (const edge of ["left", "top"]) style.removeProperty(edge);
      return;
    }
    const lines = this.active.element.getClientRects();
    const line = lines[Math.min(this.line, lines.length - 1)];
    if (!line) return;
    const { offsetWidth: width, offsetHeight: height } = this.pop;
    const below = line.bottom + 8;
    const top = below + height <= innerHeight - 8 || line.top - 8 - height < 8 ? below : line.top - 8 - height;
    style.setProperty("left", `${Math.max(8, Math.min(line.left, innerWidth - width - 8))}px`);
    style.setProperty("top", `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`);
  }

  moved() {
    if (!this.active) return;
    if (!this.isOpen()) return void this.highlight();
    const box = this.active.element.getBoundingClientRect();
    if (!this.pop.classList.contains("sheet") && (box.bottom < 0 || box.top > innerHeight)) this.close();
    else {
      this.highlight();
      this.position();
    }
  }

  // Pointer and keyboard ---------------------------------------------------------------------------------------

  found(event) {
    return event.target.closest?.(".phrase")?.phrase ?? null;
  }

  over(event) {
    const phrase = this.found(event);
    if (event.pointerType !== "mouse" || !phrase || this.pinned) return;
    clearTimeout(this.timers.leave);
    clearTimeout(this.timers.hover);
    if (phrase === this.active && this.isOpen()) return;
    const lines = [...phrase.element.getClientRects()];
    const line = Math.max(0, lines.findIndex((each) => event.clientY <= each.bottom));
    this.timers.hover = setTimeout(() => this.open(phrase, { pinned: false, line }), HOVER_MS);
  }

  out(event) {
    if (event.pointerType !== "mouse" || !this.found(event) || this.pinned) return;
    clearTimeout(this.timers.hover);
    this.leaveSoon();
  }

  leaveSoon() {
    clearTimeout(this.timers.leave);
    if (!this.pinned) this.timers.leave = setTimeout(() => !this.pinned && this.close(), LEAVE_MS);
  }

  click(event) {
    const phrase = this.found(event);
    if (!phrase || document.getSelection()?.type === "Range") return;
    if (this.pinned && this.active === phrase) return void this.close();
    this.rove(phrase);
    this.open(phrase, { pinned: true, line: this.active === phrase ? this.line : 0 });
  }

  outside(event) {
    if (!this.active) return;
    const path = event.composedPath();
    if (!path.includes(this.pop) && !path.some((each) => each.phrase)) this.close();
  }

  escape(event) {
    if (event.key !== "Escape" || !this.active) return;
    const within = this.pop.contains(this.root.getRootNode().activeElement);
    this.close({ back: within });
    event.stopPropagation();
  }

  focus(event) {
    const phrase = this.found(event);
    if (phrase && !this.pinned && !this.returning && event.target.matches(":focus-visible") && this.active !== phrase) this.open(phrase, { pinned: false });
  }

  blur(event) {
    if (this.pinned || !this.found(event)) return;
    if (!this.pop.contains(event.relatedTarget)) this.leaveSoon();
  }

  key(event) {
    if (this.pop.contains(event.target)) return void this.popKey(event);
    const phrase = this.found(event);
    if (!phrase || event.altKey || event.ctrlKey || event.metaKey) return;
    const visible = (text) => text.phrases.filter((each) => each?.element.getClientRects().length);
    const own = visible(phrase.text), at = own.indexOf(phrase);
    const texts = [...this.root.querySelectorAll(`.side.${phrase.text.side} .text`)]
      .map((element) => [...this.shown[phrase.text.side].values()].find((text) => text.element === element))
      .filter((text) => text && !text.element.hidden && visible(text).length);
    const neighbour = (step) => { const text = texts[texts.indexOf(phrase.text) + step]; return text && visible(text)[0]; };
    const moves = {
      ArrowRight: () => own[at + 1], ArrowLeft: () => own[at - 1], Home: () => own[0], End: () => own.at(-1),
      ArrowDown: () => neighbour(1), ArrowUp: () => neighbour(-1),
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.open(phrase, { pinned: true });
      this.pop.querySelector("button:not(.shut)")?.focus() ?? this.pop.querySelector("button")?.focus();
    } else if (event.key in moves) {
      event.preventDefault();
      const next = moves[event.key]();
      if (!next) return;
      this.pinned = false;
      this.rove(next);
      next.element.focus();
      this.open(next, { pinned: false });
    }
  }

  // Tab goes round inside the popover; Escape leads out.
  popKey(event) {
    if (event.key !== "Tab") return;
    const buttons = [...this.pop.querySelectorAll("button:not(:disabled)")];
    const at = buttons.indexOf(event.target);
    event.preventDefault();
    buttons.at((at + (event.shiftKey ? -1 : 1)) % buttons.length)?.focus();
  }

  rove(phrase) {
    for (const each of phrase.text.phrases) if (each) each.element.tabIndex = each === phrase ? 0 : -1;
  }
}
