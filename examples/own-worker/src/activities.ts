/** This team's own work; aftercare's activities come with the plugin. */
export async function scoreApplication(application: { id: string; income: number }): Promise<{ score: number; approved: boolean }> {
  const score = Math.min(0.999, Math.max(0.001, application.income / 60_000));
  return Promise.resolve({ score: Number(score.toFixed(4)), approved: score > 0.5 });
}
