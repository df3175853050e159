import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

export class LoginDto {
  @ApiProperty({ example: 'demo.clinician' })
  @IsString()
  @Length(1, 256)
  readonly username: string;

  @ApiProperty({ format: 'password' })
  @IsString()
  @Length(1, 256)
  readonly password: string;
}
