const THEMES = ['system', 'light', 'dark'] as const;
const SIGNS = { system: '◐', light: '☀', dark: '☾' } as const;

type Theme = (typeof THEMES)[number];

const STORED_AS = 'strata-theme';

/** Lets the button go round the themes; tells of each change, also of the system's. */
export function chooseTheme(button: HTMLButtonElement, changed: () => void): void {
  let theme = stored();
  const apply = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.setAttribute('aria-label', `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    button.firstElementChild?.replaceChildren(SIGNS[theme]);
  };
  apply();
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme; // within its length
    try {
      localStorage.setItem(STORED_AS, theme);
    } catch {
      // A browser that keeps nothing forgets the theme with the page.
    }
    apply();
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(STORED_AS);
    return THEMES.find((theme) => theme === text) ?? 'system';
  } catch {
    return 'system';
  }
}
