
void @NAME@_scores_batch(const @NAME@_pixel *images, size_t count, int32_t *scores)
{
    for (size_t i = 0; i < count; i++) {
        @NAME@_scores(images + i * @UPPER@_INPUTS, scores + i * @UPPER@_CLASSES);
    }
}
