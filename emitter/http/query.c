#include "emitter/http/query.h"

#include <string.h>

#define QUANTITY_DIGITS 9

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte, decoded; -1 at the end. */
static int next_byte(const char **at, const char *end)
{
    const char *p = *at;

    if (p == end)
        return -1;
    if (*p == '%' && end - p >= 3 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
        *at = p + 3;
        return hex_digit(p[1]) * 16 + hex_digit(p[2]);
    }
    *at = p + 1;
    return (unsigned char)*p;
}

static bool decodes_to(const char *at, const char *end, const char *expected)
{
    for (; *expected; expected++)
        if (next_byte(&at, end) != (unsigned char)*expected)
            return false;
    return at == end;
}

bool query_path_is(struct request_part path, const char *expected)
{
    return decodes_to(path.at, path.at + path.len, expected);
}

static int parse_quantity(const char *at, const char *end, uint32_t *quantity)
{
    uint32_t number = 0;
    int digits = 0;

    for (int c = next_byte(&at, end); c >= 0; c = next_byte(&at, end)) {
        if (c < '0' || c > '9' || (digits == 0 && c == '0') || ++digits > QUANTITY_DIGITS)
            return -1;
        number = number * 10 + (uint32_t)(c - '0');
    }
    *quantity = number;
    return digits > 0 ? 0 : -1;
}

int query_quantity(struct request_part query, uint32_t *quantity)
{
    const char *query_end = query.at ? query.at + query.len : NULL;

    *quantity = 0;
    for (const char *at = query.at; at;) {
        const char *ampersand = memchr(at, '&', (size_t)(query_end - at));
        const char *end = ampersand ? ampersand : query_end;
        const char *equals = memchr(at, '=', (size_t)(end - at));

        if (decodes_to(at, equals ? equals : end, "quantity") &&
            (*quantity > 0 || !equals || parse_quantity(equals + 1, end, quantity) < 0))
            return -1;
        at = ampersand ? ampersand + 1 : NULL;
    }
    return 0;
}
