/* Sizes of a layer over a map: of the map, the kernel, and the map that the layer makes. */
typedef struct {
    int32_t height, width, channels, rows, columns, made_height, made_width, made_channels;
    int32_t stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x;
} map;
