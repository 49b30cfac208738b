#include "parachute/run/words.h"

struct words words_begin(char *text, size_t size)
{
    text[0] = '\0';
    return (struct words){.at = text, .end = text + size - 1};
}

void words_add(struct words *words, const char *text)
{
    while (*text && words->at < words->end)
        *words->at++ = *text++;
    *words->at = '\0';
}

void words_add_number(struct words *words, uint64_t number)
{
    char digits[21] = "";
    char *first = digits + sizeof digits - 1;

    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    words_add(words, first);
}
