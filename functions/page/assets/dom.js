// Elements without markup from strings: text is always text.

const vector = new Set(['svg', 'g', 'path', 'rect', 'circle', 'line', 'text', 'title']);

/**
 * Makes an element. Properties that begin with "on" are listeners, class is the class, data an object of data attributes; true and
 * false set and leave out an attribute. Children are elements, texts, and lists of them; null and false are left out.
 */
export function el(tag, properties = {}, ...children) {
  const node = vector.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

const paths = {
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  up: 'M5 15l7-7 7 7',
  down: 'M5 9l7 7 7-7',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  receipt: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6',
  check: 'M4 12.500l5 5L20 6.500',
  cross: 'M6 6l12 12M18 6L6 18',
  warn: 'M12 4l9 16H3zM12 10v4.500M12 17.400v.1',
  add: 'M12 16V5M7 9.500L12 4.500l5 5M5 19.500h14',
  wave: 'M3 8c3-2.700 6-2.700 9 0s6 2.700 9 0M3 13c3-2.700 6-2.700 9 0s6 2.700 9 0M3 18c3-2.700 6-2.700 9 0s6 2.700 9 0',
  print: 'M7 8V4h10v4M7 17H4V8h16v9h-3M7 14h10v6H7z',
  clock: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 7.500V12l3 2',
  doc: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
};

/** A picture beside a text, which it does not replace. */
export function icon(name) {
  return el('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, el('path', { d: paths[name] }));
}

/** A button; with a label, one whose text is not seen. */
export function button(text, { icon: picture, label, class: style = '', ...rest } = {}) {
  return el('button', { type: 'button', class: `button ${style}`, 'aria-label': label, title: text ? undefined : label, ...rest }, picture && icon(picture), text && el('span', {}, text));
}

/** Puts a text into an element where it differs, so that screen readers are told of changes alone. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Replaces what an element holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

/** Offers bytes as a file to save. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
