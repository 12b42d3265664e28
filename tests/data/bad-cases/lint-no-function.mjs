// For lint-no-function.json.

export function other() {}

export async function unused() {}

export function otherAndMore() {}
