/*
 * Sizes as an operator writes them: a whole number and one unit of 1024, `512K`, `64M`, `2G`, `1T`;
 * also `512KiB`.
 *
 * Errors: -1, and nothing is written. Threads: any.
 */
#ifndef AGENT_SIZE_H
#define AGENT_SIZE_H

#include <stdint.h>

/* 1 KiB up to what 64 bits hold. */
int size_parse(const char *text, uint64_t *bytes);

/* The way back, in the largest unit that divides it; -1 where none does. */
#define SIZE_TEXT_MAX 24
int size_format(uint64_t bytes, char text[SIZE_TEXT_MAX]);

#endif
