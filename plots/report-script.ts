/**
 * The report's only script, inline and without any request: theme, the text of the chunk under the pointer or in focus, arrow keys within a figure,
 * saving a figure as SVG or PNG, unfolding for print. Without it everything is still there to read; chunks keep their titles.
 */
export const REPORT_SCRIPT = `
(() => {
  'use strict';
  const root = document.documentElement;
  const tip = document.getElementById('tip');
  const toggle = document.getElementById('theme');
  const themes = ['auto', 'light', 'dark'];
  let theme = 0;
  toggle.hidden = false;
  toggle.addEventListener('click', () => {
    theme = (theme + 1) % 3;
    if (theme === 0) root.removeAttribute('data-theme'); else root.setAttribute('data-theme', themes[theme]);
    toggle.textContent = 'Theme: ' + themes[theme];
  });

  // The browser's own tooltip would stand beside ours: the title becomes the accessible name.
  for (const chunk of document.querySelectorAll('.ac-chunk')) {
    const title = chunk.querySelector('title');
    chunk.setAttribute('aria-label', title.textContent);
    title.remove();
  }

  const show = (chunk, x, y) => {
    tip.textContent = chunk.getAttribute('aria-label');
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - box.width - 6)) + 'px';
    tip.style.top = (y + box.height + 24 < innerHeight ? y + 16 : Math.max(6, y - box.height - 12)) + 'px';
  };
  const hide = () => { tip.hidden = true; };
  const chunkOf = (event) => (event.target instanceof Element ? event.target.closest('.ac-chunk') : null);
  document.addEventListener('pointermove', (event) => {
    const chunk = chunkOf(event);
    if (chunk) show(chunk, event.clientX, event.clientY);
    else if (!(document.activeElement && document.activeElement.matches('.ac-chunk'))) hide();
  });
  // Focus wins over the pointer, and stays beside its chunk while the page scrolls.
  const follow = () => {
    const chunk = document.activeElement && document.activeElement.closest('.ac-chunk');
    if (!chunk) return hide();
    const box = chunk.getBoundingClientRect();
    show(chunk, box.left + box.width / 2, box.top + Math.min(box.height / 2, 120));
  };
  document.addEventListener('focusin', follow);
  document.addEventListener('focusout', hide);
  document.addEventListener('scroll', follow, { passive: true, capture: true });

  // One stop of the tab key per figure; arrows, Home and End go from chunk to chunk.
  for (const figure of document.querySelectorAll('svg.ac-figure')) {
    const chunks = [...figure.querySelectorAll('.ac-chunk')];
    chunks.forEach((chunk, i) => chunk.setAttribute('tabindex', i === chunks.length - 1 ? '0' : '-1'));
    figure.addEventListener('keydown', (event) => {
      const at = chunks.indexOf(document.activeElement);
      if (at < 0) return;
      const next = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: chunks.length - 1, PageUp: at - 10, PageDown: at + 10 }[event.key];
      if (event.key === 'Escape') hide();
      if (next === undefined) return;
      event.preventDefault();
      const chunk = chunks[Math.max(0, Math.min(chunks.length - 1, next))];
      chunks[at].setAttribute('tabindex', '-1');
      chunk.setAttribute('tabindex', '0');
      chunk.focus({ preventScroll: true });
    });
  }

  const styleOf = () => {
    const text = document.getElementById('style').textContent;
    const names = [...new Set(text.match(/--ac-[a-z0-9-]+/g))];
    const now = getComputedStyle(root);
    const rules = [...document.getElementById('style').sheet.cssRules].filter((rule) => rule.selectorText && /^\\.ac-/.test(rule.selectorText));
    return ':root{' + names.map((name) => name + ':' + now.getPropertyValue(name)).join(';') + '}' + rules.map((rule) => rule.cssText).join('');
  };
  const picture = (svg) => {
    const copy = svg.cloneNode(true);
    const style = document.createElementNS('http://www.w3.org/2000/svg', 'style');
    style.textContent = styleOf();
    copy.prepend(style);
    return new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' });
  };
  const save = (blob, name) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const savePng = (svg, name) => {
    const box = svg.viewBox.baseVal;
    const image = new Image();
    const address = URL.createObjectURL(picture(svg));
    image.onload = () => {
      const canvas = document.createElement('canvas');
      canvas.width = box.width * 2;
      canvas.height = box.height * 2;
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((blob) => save(blob, name));
    };
    image.src = address;
  };
  for (const figure of document.querySelectorAll('figure')) {
    const svg = figure.querySelector('svg');
    const name = svg.id.replace(/^ac-/, '');
    const row = document.createElement('div');
    row.className = 'save';
    for (const kind of ['SVG', 'PNG']) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = kind;
      button.setAttribute('aria-label', 'Save this figure as ' + kind);
      button.addEventListener('click', () => (kind === 'SVG' ? save(picture(svg), name + '.svg') : savePng(svg, name + '.png')));
      row.append(button);
    }
    figure.append(row);
  }

  addEventListener('beforeprint', () => { for (const folded of document.querySelectorAll('details.print')) folded.open = true; });
})();
`.trim();
