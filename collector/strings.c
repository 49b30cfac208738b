#include "collector/strings.h"

#include <stdlib.h>
#include <string.h>

int strings_copy(struct strings *strings, const char *const *list, size_t count)
{
    *strings = (struct strings){.list = calloc(count ? count : 1, sizeof *strings->list)};
    if (!strings->list)
        return -1;
    for (; strings->count < count; strings->count++) {
        strings->list[strings->count] = strdup(list[strings->count]);
        if (!strings->list[strings->count]) {
            strings_clean(strings);
            return -1;
        }
    }
    return 0;
}

void strings_clean(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->list[i]);
    free(strings->list);
    *strings = (struct strings){0};
}

bool strings_same(const struct strings *a, const struct strings *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; i < a->count && same; i++)
        same = strcmp(a->list[i], b->list[i]) == 0;
    return same;
}
