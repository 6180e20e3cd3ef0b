/** The plots of the documentation, from the data beside them: file name and content of each. */
export function drawPlots(folder: string): Promise<readonly { readonly file: string; readonly content: string }[]>;
