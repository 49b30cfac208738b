#include "collector/decimal.h"

uint64_t decimal_add(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t decimal_multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

bool decimal_take(const char **at, const char *end, uint64_t *value)
{
    const char *p = *at;
    uint64_t number = 0;

    while (p < end && *p >= '0' && *p <= '9')
        number = decimal_add(decimal_multiply(number, 10), (uint64_t)(*p++ - '0'));
    if (p == *at)
        return false;
    *at = p;
    *value = number;
    return true;
}
