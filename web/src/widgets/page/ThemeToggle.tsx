import { chooseTheme, THEMES, useTheme, type Theme } from 'base/theme';
import { Icon } from 'widgets/figures/Icon';

const WORDS: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

// One button through the three themes.
export function ThemeToggle() {
  const theme = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  return (
    <button
      type="button"
      className="button plain small"
      aria-label={`Theme: ${WORDS[theme]}`}
      title={`Theme: ${WORDS[theme]}. Click for ${WORDS[next]}.`}
      onClick={() => chooseTheme(next)}
    >
      <Icon name={theme} />
    </button>
  );
}
