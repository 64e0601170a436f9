rs.status().myState === 1
