#include "agent/config/duration.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIGITS_MAX 10

static const struct {
    char letter;
    unsigned seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define UNIT_COUNT (sizeof units / sizeof units[0])

int duration_parse(const char *text, unsigned *duration_s)
{
    uint64_t number = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == DIGITS_MAX)
            return -1;
        number = number * 10 + (uint64_t)(text[digits] - '0');
    }
    if (digits == 0 || number == 0 || text[digits] == '\0' || text[digits + 1] != '\0')
        return -1;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (text[digits] == units[i].letter && number <= UINT_MAX / units[i].seconds) {
            *duration_s = (unsigned)(number * units[i].seconds);
            return 0;
        }
    }
    return -1;
}

void duration_format(unsigned duration_s, char text[DURATION_TEXT_MAX])
{
    size_t i = 0;

    while (duration_s % units[i].seconds != 0)
        i++;
    snprintf(text, DURATION_TEXT_MAX, "%u%c", duration_s / units[i].seconds, units[i].letter);
}
