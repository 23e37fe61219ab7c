// The theme this reader chose, before anything is painted. A file of its own, since the server's
// Content-Security-Policy allows no inline script; src/base/theme.ts does the rest.
try {
  const theme = localStorage.getItem('pitot.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off: the theme of the system it is.
}
