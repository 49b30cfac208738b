#include "collector/choices.h"

#include <stdlib.h>

static int copy_names(struct choices *choices, const struct collector_options *options)
{
    size_t count = options->name_count;
    const char **texts = calloc(count + 1, 2 * sizeof *texts);
    int result = -1;

    if (!texts)
        return -1;
    for (size_t i = 0; i < count; i++) {
        texts[i] = options->names[i].mount;
        texts[count + i] = options->names[i].name;
    }
    if (strings_copy(&choices->named, texts, count) == 0)
        result = strings_copy(&choices->names, texts + count, count);
    free(texts);
    return result;
}

int choices_copy(struct choices *choices, const struct collector_options *options)
{
    *choices = (struct choices){0};
    if (strings_copy(&choices->extra_types, options->extra_types, options->extra_type_count) == 0 &&
        strings_copy(&choices->exclude, options->exclude_mounts, options->exclude_mount_count) ==
            0 &&
        strings_copy(&choices->observed, options->observed, options->observed_count) == 0 &&
        copy_names(choices, options) == 0)
        return 0;
    choices_clean(choices);
    return -1;
}

void choices_clean(struct choices *choices)
{
    strings_clean(&choices->extra_types);
    strings_clean(&choices->exclude);
    strings_clean(&choices->observed);
    strings_clean(&choices->named);
    strings_clean(&choices->names);
}

bool choices_same(const struct choices *a, const struct choices *b)
{
    return strings_same(&a->extra_types, &b->extra_types) &&
           strings_same(&a->exclude, &b->exclude) && strings_same(&a->observed, &b->observed) &&
           strings_same(&a->named, &b->named) && strings_same(&a->names, &b->names);
}
