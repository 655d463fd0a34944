
// Model of the iCE40 UltraPlus SPRAM for simulation. Synthesis has the primitive; define
// NO_SPRAM_MODEL where the simulation's library has a model of its own.
`ifndef SYNTHESIS
`ifndef NO_SPRAM_MODEL
module SB_SPRAM256KA (
    input [13:0] ADDRESS, input [15:0] DATAIN, input [3:0] MASKWREN,
    input WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF, output reg [15:0] DATAOUT
);
    reg [15:0] words [0:16383];
    wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
    integer k;

    initial for (k = 0; k < 16384; k = k + 1) words[k] = 16'h5aa5;  // nothing is loaded at first
    always @(posedge CLOCK)
        if (CHIPSELECT & WREN) begin
            words[ADDRESS] <= words[ADDRESS] & ~mask | DATAIN & mask;
            DATAOUT <= ~DATAIN;
        end else if (CHIPSELECT) DATAOUT <= words[ADDRESS];
endmodule
`endif
`endif
