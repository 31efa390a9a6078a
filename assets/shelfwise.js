// A popover opens at the end of the document, so that from the keyboard its controls would be twenty stops away.
// Focus follows it there; Escape brings it back, which Streamlit does by itself.
if (!window.shelfwiseFocus) {
  window.shelfwiseFocus = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        const opened = node.nodeType === Node.ELEMENT_NODE
          && (node.matches('[data-testid="stPopoverBody"]') ? node : node.querySelector('[data-testid="stPopoverBody"]'));
        if (opened && !opened.contains(document.activeElement)) {
          opened.tabIndex = -1;
          requestAnimationFrame(() => opened.focus({ preventScroll: true }));
        }
      }
    }
  });
  window.shelfwiseFocus.observe(document.body, { childList: true, subtree: true });
}

// Streamlit overwrites the present stop of the history when a control is moved, and adds one for each address that a
// run of the page sets by itself. Here what a person does is one stop, and what follows from it by itself is none, so
// Back leads to the state before and nowhere else.
if (!window.shelfwiseHistory) {
  const { pushState, replaceState } = window.history;
  const stop = { isDue: false, field: null };
  const go = (state, unused, url) => {
    const isNew = stop.isDue && url && new URL(url, window.location.href).href !== window.location.href;
    if (isNew) stop.isDue = false;
    (isNew ? pushState : replaceState).call(window.history, state, unused, url);
  };
  window.shelfwiseHistory = stop;
  window.history.pushState = go;
  window.history.replaceState = go;
  window.addEventListener("pointerdown", () => Object.assign(stop, { isDue: true, field: null }), true);
  window.addEventListener("click", ({ detail }) => { if (!detail) stop.isDue = true; }, true); // by a screen reader
  window.addEventListener("keydown", ({ key, repeat, target }) => {
    if (repeat || ["Alt", "Control", "Meta", "Shift"].includes(key)) return;
    // Typing on in one field, or nudging one slider on, is one act; Enter ends it.
    const isPress = key === "Enter" || (key === " " && target.matches("button, [type=checkbox], [type=radio]"));
    if (isPress || target !== stop.field) stop.isDue = true;
    stop.field = target;
  }, true);
  window.addEventListener("popstate", () => Object.assign(stop, { isDue: false, field: null }), true);
}
