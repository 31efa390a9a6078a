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
