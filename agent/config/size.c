#include "agent/config/size.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 18

static const struct {
    char letter;
    unsigned shift;
} units[] = {{'T', 40}, {'G', 30}, {'M', 20}, {'K', 10}};

#define UNIT_COUNT (sizeof units / sizeof units[0])

int size_parse(const char *text, uint64_t *bytes)
{
    uint64_t number = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == DIGITS_MAX)
            return -1;
        number = number * 10 + (uint64_t)(text[digits] - '0');
    }
    if (digits == 0 || number == 0 || text[digits] == '\0')
        return -1;
    const char *after = text + digits + 1;
    bool unit_ends = *after == '\0' || strcmp(after, "iB") == 0;
    for (size_t i = 0; unit_ends && i < UNIT_COUNT; i++) {
        if (text[digits] == units[i].letter && number <= UINT64_MAX >> units[i].shift) {
            *bytes = number << units[i].shift;
            return 0;
        }
    }
    return -1;
}

int size_format(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        uint64_t number = bytes >> units[i].shift;

        if (number == 0 || number << units[i].shift != bytes)
            continue;
        snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", number, units[i].letter);
        return 0;
    }
    return -1;
}
