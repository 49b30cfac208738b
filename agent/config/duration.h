/*
 * Durations as an operator writes them: a whole number and one unit, `90s`, `10m`, `1h`, `2d`.
 *
 * Errors: -1, and nothing is written. Threads: any.
 */
#ifndef AGENT_DURATION_H
#define AGENT_DURATION_H

/* 1 s up to 4294967295 s. */
int duration_parse(const char *text, unsigned *duration_s);

/* The way back, in the largest unit that divides it. */
#define DURATION_TEXT_MAX 16
void duration_format(unsigned duration_s, char text[DURATION_TEXT_MAX]);

#endif
