unslice(@FROM@, @WORDS@, packed_last);
for (size_t i = 0; i < images; i++) {
    unpack(packed_last + @WORDS@ * i, @INPUTS@, last);
@CALL@
}
