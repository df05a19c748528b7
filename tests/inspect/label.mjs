const open = '[';

export function label(text) {
  return `${open}${text}]`;
}
